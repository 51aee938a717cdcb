using System.Text.Json;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Jobs;

/// <summary>The runner's log: JSON lines on its standard error, which is the job's agent.log. A crash of the runtime lands there too, as plain text.</summary>
internal static class JobLog
{
    private const int MaxLines = 1000, MaxBytes = 512 * 1024;
    private static readonly Lock Gate = new();

    public static void Info(string message) => Write("info", message);

    public static void Warning(string message) => Write("warning", message);

    public static void Error(string message) => Write("error", message);

    /// <summary>Reads whole lines from an offset, a bounded number at a time.</summary>
    public static LogAnswer Read(string path, long offset)
    {
        if (!File.Exists(path))
            return new LogAnswer(0, []);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        offset = Math.Clamp(offset, 0, file.Length);
        file.Position = offset;
        byte[] bytes = new byte[(int)Math.Min(MaxBytes, file.Length - offset)];
        int have = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        var lines = new List<LogLine>();
        int at = 0;
        while (at < have && lines.Count < MaxLines)
        {
            int end = Array.IndexOf(bytes, (byte)'\n', at, have - at);
            // A line longer than all that may be answered is cut, so that a reader always gets on.
            if (end < 0 && !(at == 0 && have == MaxBytes))
                break;
            int stop = end < 0 ? have : end;
            if (stop > at)
                lines.Add(Parse(bytes.AsSpan(at, stop - at), lines.Count > 0 ? lines[^1].Time : 0));
            at = Math.Min(have, stop + 1);
        }
        return new LogAnswer(offset + at, lines);
    }

    private static LogLine Parse(ReadOnlySpan<byte> line, long timeBefore)
    {
        try
        {
            if (JsonSerializer.Deserialize(line, TransferJson.Default.LogLine) is { Level: not null, Message: not null } parsed)
                return parsed;
        }
        catch (JsonException)
        {
            // Plain text of a runtime crash.
        }
        return new LogLine(timeBefore, "error", System.Text.Encoding.UTF8.GetString(line));
    }

    private static void Write(string level, string message)
    {
        string line = JsonSerializer.Serialize(
            new LogLine(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), level, message), TransferJson.Default.LogLine);
        lock (Gate)
            Console.Error.WriteLine(line);
    }
}
