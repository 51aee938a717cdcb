using System.Globalization;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Native;

/// <summary>A process that can be told from a later one that got the same number: pid and start time in clock ticks since boot.</summary>
internal readonly record struct ProcessIdentity(int Pid, long StartTicks)
{
    public static ProcessIdentity Self => Of(Libc.getpid());

    /// <summary>A process that is known to live, such as a child that was not waited for.</summary>
    public static ProcessIdentity Of(int pid) => new(pid, StartOf(pid) ?? 0);

    /// <summary>True while exactly this process lives (a zombie does not).</summary>
    public bool IsAlive => Pid > 0 && StartOf(Pid) == StartTicks;

    /// <summary>Sends a signal if exactly this process lives.</summary>
    public void Signal(int signal)
    {
        if (IsAlive)
            _ = Libc.kill(Pid, signal);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {StartTicks}");

    /// <summary>Parses what <see cref="ToString"/> wrote; default when it is not that.</summary>
    public static ProcessIdentity Parse(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
            ? new ProcessIdentity(pid, ticks)
            : default;
    }

    private static long? StartOf(int pid)
    {
        try
        {
            // The command name in parentheses may hold spaces; fields are counted after its end.
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}
