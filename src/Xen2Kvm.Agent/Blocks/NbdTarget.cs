using System.Collections.Concurrent;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Blocks;

/// <summary>The default export of an NBD server on a unix socket. Each thread at work has a connection of its own, kept for the next.</summary>
internal sealed unsafe class NbdTarget : IBlockTarget
{
    /// <summary>Longest request; servers need not take more.</summary>
    private const int MaxRequest = 1024 * 1024;

    private readonly string _socket;
    private readonly ConcurrentBag<NbdConnection> _idle = [];
    private readonly List<NbdConnection> _all = [];

    private NbdTarget(string socket, NbdConnection first)
    {
        _socket = socket;
        Size = first.Size;
        _all.Add(first);
        _idle.Add(first);
    }

    /// <summary>Runs after the last connection of this target was closed.</summary>
    public Action? Closed { get; set; }

    public long Size { get; }

    public string? Note => null;

    /// <exception cref="TransferException">Nobody listens, or it is no writable NBD export.</exception>
    public static NbdTarget Open(string socket) => new(socket, NbdConnection.Open(socket));

    public void Read(long offset, byte* into, int length) =>
        Each(offset, length, (c, at, n) => c.Read(at, new Span<byte>(into + (at - offset), n)));

    public void Write(long offset, byte* from, int length) =>
        Each(offset, length, (c, at, n) => c.Write(at, new ReadOnlySpan<byte>(from + (at - offset), n)));

    public void Zero(long offset, long length)
    {
        byte[]? zeroes = null;
        Each(offset, length, (c, at, n) =>
        {
            if (c.CanZero)
                c.Zero(at, n);
            else
                c.Write(at, (zeroes ??= new byte[MaxRequest]).AsSpan(0, n));
        });
    }

    public void Flush()
    {
        // A flush speaks for the writes of its own connection only, unless the server promises more: ask on each.
        NbdConnection[] all;
        lock (_all)
            all = [.. _all];
        foreach (NbdConnection connection in all)
            connection.Flush();
    }

    public bool IsHole(long offset, int length) => false;

    public void Dispose()
    {
        foreach (NbdConnection connection in _all)
            connection.Dispose();
        Closed?.Invoke();
    }

    private void Each(long offset, long length, Action<NbdConnection, long, int> request)
    {
        if (!_idle.TryTake(out NbdConnection? connection))
        {
            connection = NbdConnection.Open(_socket);
            lock (_all)
                _all.Add(connection);
        }
        for (long at = offset; at < offset + length; at += MaxRequest)
            request(connection, at, (int)Math.Min(MaxRequest, offset + length - at));
        // Not after a failure: the connection is in an unknown state, and the job ends anyway.
        _idle.Add(connection);
    }
}
