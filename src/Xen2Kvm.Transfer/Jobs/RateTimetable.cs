namespace Xen2Kvm.Transfer.Jobs;

/// <summary>
/// What a job may put on the wire, by the clock: what <c>x2k-agent limit JOBDIR</c> reads from standard input and keeps in the job's directory,
/// where the runner obeys it, whether anybody can be reached or not. Times are Unix milliseconds.
/// </summary>
public sealed record RateTimetable
{
    /// <summary>The clock of the one who wrote it when it was written: the agent moves the times by what its own clock is off.</summary>
    public required long Now { get; init; }

    /// <summary>From when on how much, in order of time. Before the first entry that one counts already.</summary>
    public required IReadOnlyList<RateEntry> Entries { get; init; }

    /// <summary>Most entries: more than changes of a week.</summary>
    public const int MaxEntries = 2000;

    // What the way of a message takes is no difference of clocks.
    private const long SameClockMilliseconds = 5000;

    /// <summary>All that is wrong with it, as readable sentences; empty when it can be obeyed.</summary>
    public IReadOnlyList<string> Problems()
    {
        if (Entries is not { Count: > 0 and <= MaxEntries })
            return [$"entries are missing, or more than {MaxEntries}"];
        var problems = new List<string>();
        if (Entries.Any(e => e.BytesPerSecond < 0))
            problems.Add("a rate is negative");
        if (Entries.Zip(Entries.Skip(1)).Any(pair => pair.First.From >= pair.Second.From))
            problems.Add("entries are not in order of time");
        return problems;
    }

    /// <summary>What counts at a time, in bytes per second (0 = no limit), and until when (0 = for good).</summary>
    /// <param name="time">The time.</param>
    /// <param name="own">A limit of the job itself, which counts where it is narrower; 0 = none.</param>
    public (long BytesPerSecond, long Until) At(long time, long own)
    {
        int index = 0;
        while (index + 1 < Entries.Count && Entries[index + 1].From <= time)
            index++;
        long now = Narrower(Entries[index]);
        return (now, Entries.Skip(index + 1).FirstOrDefault(e => Narrower(e) != now)?.From ?? 0);

        long Narrower(RateEntry e) => own > 0 && (e.BytesPerSecond == 0 || own < e.BytesPerSecond) ? own : e.BytesPerSecond;
    }

    /// <summary>The same timetable by another clock.</summary>
    /// <param name="now">What that clock says at <see cref="Now"/>.</param>
    public RateTimetable ByClock(long now) => Math.Abs(now - Now) <= SameClockMilliseconds
        ? this
        : new RateTimetable { Now = now, Entries = [.. Entries.Select(e => e with { From = e.From + now - Now })] };
}

/// <summary>An entry of a timetable.</summary>
/// <param name="From">From this time on, Unix milliseconds.</param>
/// <param name="BytesPerSecond">Bytes on the wire per second, all connections together; 0 = no limit.</param>
public sealed record RateEntry(long From, long BytesPerSecond);
