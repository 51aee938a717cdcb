using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Xen2Kvm.Engine.Tests.Notifications;

/// <summary>A mail server on loopback that takes mails and keeps every line it was sent.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _lines = [];
    private readonly Task _serving;

    public SmtpSink()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every line that came so far, commands and mails: a client may still say that it goes.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Says nothing, not even hello.</summary>
    public bool IsMute { get; init; }

    /// <summary>Offers STARTTLS, with a certificate that nobody trusts.</summary>
    public bool HasTls { get; init; }

    /// <summary>Answer to a receiver.</summary>
    public string AnswerToReceiver { get; init; } = "250 ok";

    public string All => string.Join('\n', Lines);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _serving;
        _end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                await TalkAsync(client.GetStream());
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or SocketException or InvalidOperationException or System.Security.Authentication.AuthenticationException)
        {
            // The test is over, or the client has gone.
        }
    }

    private async Task TalkAsync(Stream stream)
    {
        if (IsMute)
        {
            await Task.Delay(Timeout.Infinite, _end.Token);
        }

        var reader = new StreamReader(stream, Encoding.UTF8);
        await SayAsync(stream, "220 sink");
        while (await reader.ReadLineAsync(_end.Token) is { } line)
        {
            Keep(line);
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync(stream, HasTls ? "250-sink\r\n250 STARTTLS" : "250 sink");
                    break;
                case "STARTTLS":
                    await SayAsync(stream, "220 go on");
                    using (var certificate = NewCertificate())
                    {
                        var secure = new SslStream(stream);
                        await secure.AuthenticateAsServerAsync(certificate);
                        (stream, reader) = (secure, new StreamReader(secure, Encoding.UTF8));
                    }

                    break;
                case "RCPT":
                    await SayAsync(stream, AnswerToReceiver);
                    break;
                case "DATA":
                    await SayAsync(stream, "354 go on");
                    while (await reader.ReadLineAsync(_end.Token) is { } text && text != ".")
                    {
                        Keep(text);
                    }

                    await SayAsync(stream, "250 taken");
                    break;
                case "QUIT":
                    await SayAsync(stream, "221 bye");
                    return;
                default:
                    await SayAsync(stream, "250 ok");
                    break;
            }
        }
    }

    private void Keep(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
        }
    }

    private static async Task SayAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
