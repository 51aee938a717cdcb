using System.Text.Json;
using Xen2Kvm.Agent.Blocks;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary><c>x2k-agent receive STATEDIR</c>: the far side of one connection, on standard input and output.</summary>
internal static class ReceiveCommand
{
    public static int Run(string stateDirectory)
    {
        _ = Libc.umask(0x3F);
        _ = Libc.fcntl(0, Libc.F_SETPIPE_SZ, 1024 * 1024);
        _ = Libc.fcntl(1, Libc.F_SETPIPE_SZ, 1024 * 1024);
        var reader = new FrameReader(0);
        var writer = new FrameWriter(1);
        try
        {
            return Serve(stateDirectory, reader, writer) ? 0 : 1;
        }
        catch (Exception e) when (e is TransferException or ProtocolException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            try
            {
                Refuse(writer, e);
            }
            catch (TransferException)
            {
                // The sender is gone; the message is on standard error.
            }
            return 1;
        }
    }

    /// <summary>Tells the sender why this connection ends.</summary>
    public static void Refuse(FrameWriter writer, Exception e) => writer.WriteJson(
        FrameType.Error,
        new Refusal(e.Message, (e as TransferException)?.Disk, (e as TransferException)?.IsTransient ?? false),
        TransferJson.Default.Refusal);

    private static bool Serve(string stateDirectory, FrameReader reader, FrameWriter writer)
    {
        if (!reader.TryReadHeader(out FrameHeader frame))
            return false;
        if (frame.Type != FrameType.Hello)
            throw new ProtocolException($"the first frame is {frame.Type}, not Hello");
        Hello hello = ReadHello(reader.ReadPayload(frame), out ulong seed);
        StateDirectory state = StateDirectory.Enter(stateDirectory, hello);
        using var targets = new TargetSet(state, hello);
        using var journal = JournalFile.Open(state.Journal(hello.Slot));
        writer.WriteJson(
            FrameType.Welcome, new Welcome(FrameHeader.Version, AgentVersion.Text, targets.Notes), TransferJson.Default.Welcome);
        RegionBook ReadAll() => RegionBook.Read(state.Journals, hello.Disks, hello.Round);
        RegionBook known = hello.Slot == 0 ? ReadAll() : RegionBook.Read([state.Journal(hello.Slot)], hello.Disks, hello.Round);
        foreach (DeclaredDisk disk in targets.Disks)
            NoteFrames.Write(writer, FrameType.Known, hello.Round, disk.Index, known.Notes(disk.Index));
        writer.Write(new FrameHeader { Type = FrameType.Ready, Round = hello.Round });
        var hashes = new HashTree(seed);
        using var session = new ReceiveSession(targets.Disks, hello, hashes, journal, reader, writer, disk => ReadAll().Root(disk, hashes));
        return session.Run();
    }

    private static Hello ReadHello(byte[] payload, out ulong seed)
    {
        Hello? hello;
        try
        {
            hello = JsonSerializer.Deserialize(payload, TransferJson.Default.Hello);
        }
        catch (JsonException e)
        {
            throw new ProtocolException($"the Hello is not readable: {e.Message}");
        }
        seed = 0;
        if (hello is null || hello.Protocol != FrameHeader.Version)
            throw new ProtocolException("the Hello is of another protocol version; copy the same agent to both hosts");
        if (hello.Slot is < 0 or >= TransferJob.MaxConnections || string.IsNullOrEmpty(hello.Session) || string.IsNullOrEmpty(hello.JobId)
            || !TransferJobCheck.TryParseSeed(hello.HashSeed, out seed) || hello.FlushBytes < DiskLayout.MinRegionBytes
            || hello.Disks is not { Count: > 0 and <= 1024 })
            throw new ProtocolException("the Hello has values out of range");
        string[] problems = [.. hello.Disks.SelectMany(d => TransferJobCheck.TargetProblems(d.Id, d.Length, d.Target))];
        return problems.Length == 0 ? hello : throw new TransferException(string.Join("; ", problems));
    }
}
