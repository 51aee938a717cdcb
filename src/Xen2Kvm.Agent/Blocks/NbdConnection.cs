using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;

namespace Xen2Kvm.Agent.Blocks;

/// <summary>One connection of the NBD protocol, fixed newstyle, simple replies, one request at a time.</summary>
internal sealed unsafe class NbdConnection : IDisposable
{
    private const int MaxSocketPath = 108;
    private const ulong NbdMagic = 0x4e42444d41474943, OptionMagic = 0x49484156454F5054;
    private const uint RequestMagic = 0x25609513, ReplyMagic = 0x67446698;
    private const ushort HasFlags = 1, ReadOnly = 2, SendFlush = 4, SendWriteZeroes = 64;
    private const ushort CommandRead = 0, CommandWrite = 1, CommandDisconnect = 2, CommandFlush = 3, CommandWriteZeroes = 6;
    private readonly int _socket;
    private readonly string _path;
    private readonly object _gate = new();
    private ushort _flags;
    private ulong _cookie;

    private NbdConnection(int socket, string path) => (_socket, _path) = (socket, path);

    public long Size { get; private set; }

    public bool CanZero => (_flags & SendWriteZeroes) != 0;

    /// <exception cref="TransferException">Nobody listens, or it is no writable NBD export.</exception>
    public static NbdConnection Open(string path)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(path);
        if (name.Length >= MaxSocketPath)
            throw new TransferException($"the socket path {path} is too long: a unix socket's path has less than {MaxSocketPath} bytes");
        // struct sockaddr_un: family, then the path with its end.
        byte* address = stackalloc byte[2 + MaxSocketPath];
        new Span<byte>(address, 2 + MaxSocketPath).Clear();
        address[0] = Libc.AF_UNIX;
        name.CopyTo(new Span<byte>(address + 2, MaxSocketPath));
        int socket = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
        if (socket < 0 || Libc.connect(socket, address, (uint)(2 + name.Length + 1)) != 0)
        {
            string error = Libc.LastError();
            _ = Libc.close(socket);
            throw new TransferException($"no NBD server answers at {path}: {error}");
        }
        var connection = new NbdConnection(socket, path);
        try
        {
            connection.Negotiate();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Read(long offset, Span<byte> into)
    {
        lock (_gate)
        {
            Ask(CommandRead, offset, into.Length);
            Answer("reading", offset);
            Fill(into);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> from)
    {
        lock (_gate)
        {
            Ask(CommandWrite, offset, from.Length);
            Send(from);
            Answer("writing", offset);
        }
    }

    public void Zero(long offset, int length)
    {
        lock (_gate)
        {
            Ask(CommandWriteZeroes, offset, length);
            Answer("zeroing", offset);
        }
    }

    public void Flush()
    {
        if ((_flags & SendFlush) == 0)
            return;
        lock (_gate)
        {
            Ask(CommandFlush, 0, 0);
            Answer("flushing", 0);
        }
    }

    public void Dispose()
    {
        try
        {
            lock (_gate)
                Ask(CommandDisconnect, 0, 0);
        }
        catch (TransferException)
        {
            // It is gone already.
        }
        _ = Libc.close(_socket);
    }

    private void Negotiate()
    {
        Span<byte> head = stackalloc byte[18];
        Fill(head);
        if (BinaryPrimitives.ReadUInt64BigEndian(head) != NbdMagic || BinaryPrimitives.ReadUInt64BigEndian(head[8..]) != OptionMagic)
            throw new TransferException($"{_path} does not speak NBD (fixed newstyle)");
        bool noZeroes = (BinaryPrimitives.ReadUInt16BigEndian(head[16..]) & 2) != 0;
        // Client flags, then NBD_OPT_EXPORT_NAME with the empty name: the oldest way, which every server knows.
        Span<byte> option = stackalloc byte[4 + 16];
        BinaryPrimitives.WriteUInt32BigEndian(option, noZeroes ? 3u : 1u);
        BinaryPrimitives.WriteUInt64BigEndian(option[4..], OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(option[12..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(option[16..], 0);
        Send(option);
        Span<byte> export = stackalloc byte[10 + 124];
        export = noZeroes ? export[..10] : export;
        Fill(export);
        Size = BinaryPrimitives.ReadInt64BigEndian(export);
        _flags = BinaryPrimitives.ReadUInt16BigEndian(export[8..]);
        if (Size < 0 || (_flags & HasFlags) == 0)
            throw new TransferException($"the NBD server at {_path} announced an impossible export");
        if ((_flags & ReadOnly) != 0)
            throw new TransferException($"the NBD export at {_path} is read-only");
    }

    private void Ask(ushort command, long offset, int length)
    {
        Span<byte> request = stackalloc byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(request, RequestMagic);
        // WRITE_ZEROES may unmap (flag NO_HOLE is not set): a hole in the image is what is wanted.
        BinaryPrimitives.WriteUInt16BigEndian(request[4..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(request[6..], command);
        BinaryPrimitives.WriteUInt64BigEndian(request[8..], ++_cookie);
        BinaryPrimitives.WriteInt64BigEndian(request[16..], offset);
        BinaryPrimitives.WriteInt32BigEndian(request[24..], length);
        Send(request);
    }

    private void Answer(string verb, long offset)
    {
        Span<byte> reply = stackalloc byte[16];
        Fill(reply);
        if (BinaryPrimitives.ReadUInt32BigEndian(reply) != ReplyMagic || BinaryPrimitives.ReadUInt64BigEndian(reply[8..]) != _cookie)
            throw new TransferException($"the NBD server at {_path} answered out of order");
        int error = BinaryPrimitives.ReadInt32BigEndian(reply[4..]);
        if (error != 0)
            throw new TransferException(
                $"{verb} through NBD at {_path}, byte {offset}, failed: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                nint n = Libc.send(_socket, at + done, (nuint)(bytes.Length - done), Libc.MSG_NOSIGNAL);
                if (n >= 0)
                    done += (int)n;
                else if (Libc.Errno() != Libc.EINTR)
                    throw new TransferException($"the NBD server at {_path} went away: {Libc.LastError()}");
            }
        }
    }

    private void Fill(Span<byte> into)
    {
        fixed (byte* at = into)
        {
            for (int have = 0; have < into.Length;)
            {
                nint n = Libc.read(_socket, at + have, (nuint)(into.Length - have));
                if (n > 0)
                    have += (int)n;
                else if (n == 0)
                    throw new TransferException($"the NBD server at {_path} closed the connection");
                else if (Libc.Errno() != Libc.EINTR)
                    throw new TransferException($"the NBD server at {_path} went away: {Libc.LastError()}");
            }
        }
    }
}
