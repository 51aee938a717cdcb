using System.Buffers.Binary;
using System.Net.Sockets;

namespace Xen2Kvm.Agent.Tests.Support;

/// <summary>
/// An NBD server that keeps its export in memory and can be told to misbehave. It stands for the target's storage where a test must
/// control what the medium does.
/// </summary>
public sealed class FakeNbdServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public FakeNbdServer(string path, long bytes)
    {
        Path = path;
        Content = new byte[bytes];
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(64);
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public string Path { get; }

    public byte[] Content { get; }

    /// <summary>Called before a write takes effect; may change what is stored.</summary>
    public Action<long, byte[]>? OnWrite { get; set; }

    /// <summary>Called with what a read found; may change it.</summary>
    public Action<long, byte[]>? OnRead { get; set; }

    /// <summary>Error number to answer to writes at or after <see cref="FailFrom"/>.</summary>
    public int WriteError { get; set; }

    public long FailFrom { get; set; }

    public long BytesWritten;

    public long Flushes;

    public void Dispose() => _listener.Dispose();

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (SocketException)
        {
            // Disposed.
        }
        catch (ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            using var stream = new NetworkStream(client, ownsSocket: true);
            Greet(stream);
            byte[] request = new byte[28];
            while (true)
            {
                stream.ReadExactly(request);
                int command = BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(6));
                long offset = BinaryPrimitives.ReadInt64BigEndian(request.AsSpan(16));
                int length = BinaryPrimitives.ReadInt32BigEndian(request.AsSpan(24));
                byte[] data = [];
                int error = 0;
                switch (command)
                {
                    case 0:
                        data = Content.AsSpan((int)offset, length).ToArray();
                        OnRead?.Invoke(offset, data);
                        break;
                    case 1:
                    case 6:
                        byte[] bytes = new byte[length];
                        if (command == 1)
                            stream.ReadExactly(bytes);
                        OnWrite?.Invoke(offset, bytes);
                        error = WriteError != 0 && offset >= FailFrom ? WriteError : 0;
                        if (error == 0)
                            bytes.CopyTo(Content.AsSpan((int)offset));
                        Interlocked.Add(ref BytesWritten, command == 1 ? length : 0);
                        break;
                    case 3:
                        Interlocked.Increment(ref Flushes);
                        break;
                    default:
                        return;
                }
                byte[] reply = new byte[16 + data.Length];
                BinaryPrimitives.WriteUInt32BigEndian(reply, 0x67446698);
                BinaryPrimitives.WriteInt32BigEndian(reply.AsSpan(4), error);
                request.AsSpan(8, 8).CopyTo(reply.AsSpan(8));
                data.CopyTo(reply.AsSpan(16));
                stream.Write(reply);
            }
        }
        catch (IOException)
        {
            // The client was killed, as tests do.
        }
    }

    private void Greet(NetworkStream stream)
    {
        byte[] hello = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(hello, 0x4e42444d41474943);
        BinaryPrimitives.WriteUInt64BigEndian(hello.AsSpan(8), 0x49484156454F5054);
        BinaryPrimitives.WriteUInt16BigEndian(hello.AsSpan(16), 3);
        stream.Write(hello);
        stream.ReadExactly(new byte[20]);
        byte[] export = new byte[10];
        BinaryPrimitives.WriteInt64BigEndian(export, Content.Length);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(8), 1 | 4 | 64);
        stream.Write(export);
    }
}
