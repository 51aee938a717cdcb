using System.Globalization;

namespace Xen2Kvm.Bench;

/// <summary>A process and all that it has started, seen from outside through /proc (proc_pid_stat(5)).</summary>
internal sealed class ProcessTree(int root)
{
    private const double TicksPerSecond = 100;

    /// <summary>The first process of this name that this program has started, itself or through others.</summary>
    public static ProcessTree Of(string name)
    {
        var all = Read();
        return new ProcessTree(all.First(one => one.Value.Name == name && Descends(all, one.Key, Environment.ProcessId)).Key);
    }

    /// <summary>Processor time of all of it until now, also of what has ended.</summary>
    public TimeSpan Cpu()
    {
        var all = Read();
        return TimeSpan.FromSeconds(all.Where(one => Descends(all, one.Key, root)).Sum(one => one.Value.Ticks) / TicksPerSecond);
    }

    private static bool Descends(Dictionary<int, Entry> all, int process, int from)
    {
        while (process != from)
        {
            if (!all.TryGetValue(process, out var entry))
            {
                return false;
            }

            process = entry.Parent;
        }

        return true;
    }

    private static Dictionary<int, Entry> Read()
    {
        var all = new Dictionary<int, Entry>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), out var process))
            {
                continue;
            }

            try
            {
                var stat = File.ReadAllText(Path.Combine(directory, "stat"));
                var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
                var fields = stat[(close + 2)..].Split(' ');

                // Its own time in user and system mode, and that of its children that have ended.
                all[process] = new Entry(
                    int.Parse(fields[1], CultureInfo.InvariantCulture), stat[(open + 1)..close], fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return all;
    }

    private sealed record Entry(int Parent, string Name, long Ticks);
}
