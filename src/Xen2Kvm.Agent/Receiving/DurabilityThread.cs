using System.Diagnostics;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>
/// Turns written regions into durable ones: flush the targets, then journal the regions, then tell the sender. Only in this order may a
/// journal be believed after a power cut.
/// </summary>
internal sealed class DurabilityThread(
    IReadOnlyList<DeclaredDisk> disks, uint round, JournalFile journal, FrameWriter writer, long flushBytes, Action<Exception> fail)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly object _gate = new();
    private readonly object _journalGate = new();
    private List<JournalRecord> _written = [];
    private long _writtenBytes;
    private int _syncs;
    private bool _ended;
    private bool _journalDirty;
    private Thread? _thread;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "durability" };
        _thread.Start();
    }

    /// <summary>A region's writes have returned.</summary>
    public void Written(OpenRegion region)
    {
        lock (_gate)
        {
            _written.Add(new JournalRecord(region.Disk.Index, round, region.Expected));
            _writtenBytes += region.Length;
            if (_writtenBytes >= flushBytes)
                Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A region was read back and is right. Losing this record costs a second look, so it is flushed with the next data or sync.</summary>
    public void Verified(int disk, RegionNote note)
    {
        lock (_journalGate)
        {
            journal.Append([new JournalRecord(disk, round, note with { Verified = true })]);
            _journalDirty = true;
        }
    }

    /// <summary>Makes everything that was written durable now and answers with Synced.</summary>
    public void Sync()
    {
        lock (_gate)
        {
            _syncs++;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Flushes what there is and ends.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
        _thread?.Join();
    }

    private void Run()
    {
        try
        {
            bool ended;
            do
            {
                List<JournalRecord> records;
                int syncs;
                lock (_gate)
                {
                    long begin = Stopwatch.GetTimestamp();
                    while (!_ended && _syncs == 0 && _writtenBytes < flushBytes && Stopwatch.GetElapsedTime(begin) < Interval)
                        Monitor.Wait(_gate, Interval);
                    (records, syncs, ended) = (_written, _syncs, _ended);
                    (_written, _writtenBytes, _syncs) = ([], 0, 0);
                }
                Commit(records);
                // Also a sign of life: the sender gives a silent connection up.
                for (int i = 0; i < syncs; i++)
                    writer.Write(new FrameHeader { Type = FrameType.Synced, Round = round });
                if (records.Count == 0 && syncs == 0 && !ended)
                    writer.Write(new FrameHeader { Type = FrameType.Durable, Round = round });
            }
            while (!ended);
        }
        catch (Exception e)
        {
            fail(e);
        }
    }

    private void Commit(List<JournalRecord> records)
    {
        foreach (int disk in records.Select(r => r.Disk).Distinct())
            disks[disk].Flush();
        lock (_journalGate)
        {
            journal.Append(records.ToArray());
            if (records.Count > 0 || _journalDirty)
                journal.Flush();
            _journalDirty = false;
        }
        foreach (IGrouping<int, JournalRecord> disk in records.GroupBy(r => r.Disk))
            NoteFrames.Write(writer, FrameType.Durable, round, disk.Key, disk.Select(r => r.Note));
    }
}
