using System.Collections.Concurrent;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Runs;

/// <summary>Gathers a run's log lines until the next transaction takes them; also the log of every command sent to its hosts.</summary>
internal sealed class RunJournal(TimeProvider time) : ICommandLog
{
    private const int LongestText = 4000;
    private readonly ConcurrentQueue<RunLogEntry> _entries = new();

    /// <summary>The step that commands are filed under.</summary>
    public string? StepId { get; set; }

    public void Add(RunLogEntry entry) =>
        _entries.Enqueue(entry.Text.Length <= LongestText ? entry : entry with { Text = entry.Text[..LongestText] + "…" });

    public void Add(string text, RunLogLevel level = RunLogLevel.Info) => Add(new RunLogEntry(time.GetUtcNow(), StepId, level, text));

    public IReadOnlyList<RunLogEntry> Take()
    {
        var taken = new List<RunLogEntry>();
        while (_entries.TryDequeue(out var entry))
        {
            taken.Add(entry);
        }

        return taken;
    }

    public void Sent(string hostName, string commandLine) => Add($"{hostName}$ {commandLine}", RunLogLevel.Debug);

    public void Ended(string hostName, string commandLine, int exitCode, TimeSpan elapsed, string outputTail)
    {
        if (exitCode != 0 || outputTail.Length > 0)
        {
            Add($"{hostName}: exit {exitCode} after {elapsed.TotalSeconds:0.0} s{(outputTail.Length > 0 ? "\n" + outputTail : "")}", RunLogLevel.Debug);
        }
    }
}
