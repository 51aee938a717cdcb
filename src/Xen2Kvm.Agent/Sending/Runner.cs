using System.Diagnostics;
using System.Runtime.InteropServices;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Flow;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Sending;

/// <summary>The detached process of one job, from the start to a final status. It holds the job's lock as long as it lives.</summary>
internal sealed class Runner(JobDirectory directory)
{
    private const int TickMilliseconds = 250, TicksPerAdaption = 2;
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(90);
    private readonly TransferStatus _before = directory.LastStatus() ?? new TransferStatus { State = "absent" };

    public int Run()
    {
        directory.Runner = ProcessIdentity.Self;
        var sources = new List<SourceDisk>();
        TransferJob? job = null;
        try
        {
            job = directory.ReadJob();
            JobLog.Info($"job {job.Id}, attempt {_before.Attempt}, agent {AgentVersion.Text}, {job.Disks.Count} disk(s)");
            foreach (TransferDisk disk in job.Disks)
                sources.Add(SourceDisk.Open(sources.Count, disk));
            foreach (SourceDisk source in sources.Where(s => s.File.Note is not null))
                JobLog.Info($"disk {source.Disk.Id}: {source.File.Note}");
            return Work(job, sources);
        }
        catch (Exception e)
        {
            if (e is not TransferException)
                JobLog.Error(e.ToString());
            else
                JobLog.Error(e.Message);
            Finish(_before with { State = "failed", JobId = job?.Id, Error = new TransferError(e.Message, (e as TransferException)?.Disk) });
            return 1;
        }
        finally
        {
            foreach (SourceDisk source in sources)
                source.Dispose();
        }
    }

    private int Work(TransferJob job, List<SourceDisk> sources)
    {
        TransferJobCheck.TryParseSeed(job.HashSeed, out ulong seed);
        TransferJobCheck.TryParseCompression(job.Compression, out int? level);
        var hashes = new HashTree(seed);
        int connections = job.Connections ?? Math.Min(2, Environment.ProcessorCount);
        var queue = new WorkQueue(sources, connections);
        var hello = new Hello(
            FrameHeader.Version, job.Id, Guid.NewGuid().ToString("N"), 0, job.HashSeed, job.Round, job.FlushBytes,
            File.Exists(directory.ReverifyFile), [.. job.Disks.Select(d => new HelloDisk(d.Id, d.Length, d.Target))]);
        var health = new LinkHealth(queue, TimeSpan.FromSeconds(job.ReconnectSeconds), () => File.Delete(directory.ReverifyFile));
        var rate = new TokenBucket(job.RateLimitBytesPerSecond, TimeProvider.System);
        var limit = new LiveLimit(directory, job.RateLimitBytesPerSecond, rate, TimeProvider.System);
        limit.Apply();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, queue, health));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, queue, health));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => c.Cancel = true);
        var links = Enumerable.Range(0, connections)
            .Select(slot => new Link(job.Transport, hello with { Slot = slot }, queue, hashes, rate, health, level ?? CompressionGovernor.StartLevel))
            .ToList();
        links.ForEach(l => l.Start());
        var adaption = new LevelAdaption(links, level is null);
        long lastWrite = 0;
        TransferStatus? written = null;
        for (int tick = 1; !links.TrueForAll(l => l.Ended(TickMilliseconds / links.Count)); tick++)
        {
            limit.Apply();
            health.Check();
            foreach (Link link in links)
                link.CheckSilence(SilenceLimit);
            if (tick % TicksPerAdaption == 0)
                adaption.Adapt();
            TransferStatus now = Status("running", job, queue, health, links, limit);
            // What moves is written once a second, as a file costs a slow host more than the numbers are worth; it is written also when nothing
            // moves, so that a reader can tell a living runner from a stuck one.
            if (written is null || now != written with { Disks = now.Disks, UpdatedAt = now.UpdatedAt } || Stopwatch.GetElapsedTime(lastWrite) >= StatusInterval)
            {
                directory.WriteStatus(written = now);
                lastWrite = Stopwatch.GetTimestamp();
            }
        }
        return End(job, queue, health, links, limit);
    }

    private int End(TransferJob job, WorkQueue queue, LinkHealth health, List<Link> links, LiveLimit limit)
    {
        string state = queue.Failure is not null ? "failed"
            : queue.IsDone ? "done"
            : File.Exists(directory.CancelFile) ? "cancelled" : "interrupted";
        TransferStatus last = Status(state, job, queue, health, links, limit) with
        {
            Phase = queue.IsDone && state == "done" ? "done" : queue.Read(CurrentPhase),
            Error = queue.Failure is { } failure ? new TransferError(failure.Message, failure.Disk) : null,
            Reconnecting = false,
            Connections = 0,
        };
        if (queue.Failure is not null)
            JobLog.Error(queue.Failure.Message);
        JobLog.Info($"ended: {state}");
        Finish(last);
        return state == "done" ? 0 : 1;
    }

    private void Finish(TransferStatus last)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        directory.WriteStatus(last with { Pid = Environment.ProcessId, UpdatedAt = now, FinishedAt = now });
    }

    private static void Stop(PosixSignalContext context, WorkQueue queue, LinkHealth health)
    {
        context.Cancel = true;
        queue.Stop();
        health.Stop();
    }

    private TransferStatus Status(string state, TransferJob job, WorkQueue queue, LinkHealth health, List<Link> links, LiveLimit limit) => new()
    {
        State = state,
        JobId = job.Id,
        Pid = Environment.ProcessId,
        Attempt = _before.Attempt,
        StartedAt = _before.StartedAt,
        UpdatedAt = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        CopiedAt = queue.CopiedAt,
        Phase = health.EverConnected ? queue.Read(CurrentPhase) : "connect",
        Reconnecting = health.IsReconnecting,
        Connections = health.Up,
        CompressionLevel = links[0].Level,
        RateLimitBytesPerSecond = limit.BytesPerSecond,
        RateLimitUntil = limit.Until,
        Error = health.IsReconnecting && health.LastLoss is { } loss ? new TransferError(loss, null) : null,
        Disks = queue.Read(disks => (IReadOnlyList<DiskStatus>)[.. disks.Select(d => DiskStatusOf(d, queue.Failure?.Disk))]),
    };

    private static string CurrentPhase(IReadOnlyList<SourceDisk> disks) => disks.Any(d => d.NotDurable > 0) ? "copy" : "verify";

    private static DiskStatus DiskStatusOf(SourceDisk disk, string? failed)
    {
        DiskCounters c = disk.Counters;
        return new DiskStatus
        {
            Id = disk.Disk.Id,
            State = failed == disk.Disk.Id ? "failed"
                : disk.NotVerified == 0 ? "verified"
                : c.Verified > 0 || disk.Regions.Any(r => r.State == RegionState.Verifying) ? "verifying"
                : disk.NotDurable == 0 ? "copied"
                : c.Read > 0 || Interlocked.Read(ref c.Sent) > 0 ? "copying" : "pending",
            TotalBytes = disk.Disk.Length,
            ResumedBytes = c.Resumed,
            ReadBytes = c.Read,
            ZeroBytes = c.Zero,
            DataBytes = c.Read - c.Zero,
            SentBytes = Interlocked.Read(ref c.Sent),
            WrittenBytes = c.Written,
            DurableBytes = c.Durable,
            VerifiedBytes = c.Verified,
            RepairedBytes = c.Repaired,
            RootHash = disk.RootHash,
        };
    }
}
