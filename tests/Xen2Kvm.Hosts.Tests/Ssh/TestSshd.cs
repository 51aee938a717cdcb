using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Hosts.Tests.Ssh;

/// <summary>
/// A real sshd on a loopback port with its own host key and accounts. It runs in a mount namespace with its own /etc/passwd and
/// /etc/shadow, so it knows an account with a password and a sudo of its own without the machine being changed. Needs root.
/// </summary>
public sealed class TestSshd : IDisposable
{
    public const string PasswordUser = "x2kuser";
    public const string Password = "pass word'$(id)\"é";
    private Process _sshd = null!;
    private readonly List<IDisposable> _owned = [];

    public TestSshd()
    {
        Directory.CreateDirectory("/run/sshd");
        Home = Directory.CreateTempSubdirectory("x2k-sshd-").FullName;
        File.SetUnixFileMode(Home, (UnixFileMode)0b111_101_101);
        Port = FreePort();
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "host", "-f", In("hostkey"));
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "client", "-f", In("client"));
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stranger", "-f", In("stranger"));
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-C", "locked", "-f", In("locked"));
        File.Copy(In("client.pub"), In("authorized_keys"));
        var hash = Run("openssl", "passwd", "-6", Password).Trim();
        File.WriteAllText(In("passwd"), File.ReadAllText("/etc/passwd") + $"{PasswordUser}:x:64999:64999::{Home}:/bin/sh\n");
        File.WriteAllText(In("shadow"), File.ReadAllText("/etc/shadow") + $"{PasswordUser}:{hash}:19000:0:99999:7:::\n");
        File.SetUnixFileMode(In("shadow"), UnixFileMode.UserRead);
        Directory.CreateDirectory(In("bin"));
        File.WriteAllText(In("bin/sudo"), $"""
            #!/bin/sh
            [ -e {In("sudo-refuses")} ] && echo 'sudo: a password is required' >&2 && exit 1
            [ "$1 $2" = '-n --' ] || exit 99
            shift 2
            echo "$@" >>{In("sudo.log")}
            exec "$@"
            """);
        File.SetUnixFileMode(In("bin/sudo"), (UnixFileMode)0b111_101_101);
        File.WriteAllText(In("sudo.log"), "");
        File.SetUnixFileMode(In("sudo.log"), (UnixFileMode)0b110_110_110);
        File.WriteAllText(In("config"), $"""
            ListenAddress 127.0.0.1
            Port {Port}
            HostKey {In("hostkey")}
            AuthorizedKeysFile {In("authorized_keys")}
            PidFile none
            StrictModes no
            UsePAM no
            PermitRootLogin yes
            PasswordAuthentication yes
            KbdInteractiveAuthentication no
            UseDNS no
            SetEnv PATH={In("bin")}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
            """);
        Start();
        Options = new() { ConnectTimeout = TimeSpan.FromSeconds(5) };
        Runtime = new(Microsoft.Extensions.Options.Options.Create(Options));
    }

    public string Home { get; }

    public int Port { get; }

    public SshOptions Options { get; }

    public SshRuntimeDirectory Runtime { get; }

    public System.Collections.Concurrent.ConcurrentQueue<string> Log { get; } = new();

    public string HostKey => string.Join(' ', File.ReadAllText(In("hostkey.pub")).Split(' ')[..2]);

    public string In(string name) => Path.Combine(Home, name);

    public SshEndpoint Endpoint => new() { Address = "127.0.0.1", Port = Port, HostKey = HostKey };

    /// <summary>A shell of its own connection.</summary>
    internal SshShell Shell(SshEndpoint? endpoint = null, string? secret = null, ICommandLog? log = null, string name = "kvm1") =>
        new(Connection(endpoint, secret, name), log);

    internal SshConnection Connection(SshEndpoint? endpoint = null, string? secret = null, string name = "kvm1")
    {
        var host = new Host { Id = Guid.NewGuid(), Name = name, Kind = HostKind.Kvm, Ssh = endpoint ?? Endpoint };
        var connection = new SshConnection(
            host, _ => Task.FromResult<string?>(secret ?? File.ReadAllText(In("client"))), Options, Runtime, TimeProvider.System, NullLogger.Instance);
        _owned.Add(connection);
        return connection;
    }

    /// <summary>Starts it again with its changed configuration.</summary>
    public void Restart()
    {
        Stop();
        Log.Clear();
        Start();
    }

    private void Start()
    {
        var start = new ProcessStartInfo("unshare") { RedirectStandardError = true };
        foreach (var word in (string[])["-m", "sh", "-c",
            "mount --bind \"$1/passwd\" /etc/passwd && mount --bind \"$1/shadow\" /etc/shadow && exec /usr/sbin/sshd -D -e -f \"$1/config\"", "x2k", Home])
        {
            start.ArgumentList.Add(word);
        }

        _sshd = Process.Start(start)!;
        _sshd.ErrorDataReceived += (_, line) => Log.Enqueue(line.Data ?? "");
        _sshd.BeginErrorReadLine();
        WaitUntil(() => Log.Any(line => line.StartsWith("Server listening", StringComparison.Ordinal)), "sshd listens");
    }

    private void Stop()
    {
        _sshd.Kill(entireProcessTree: true);
        _sshd.WaitForExit();
        _sshd.Dispose();
    }

    public static void WaitUntil(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(20))
            {
                throw new TimeoutException($"It did not come true that {what}.");
            }

            Thread.Sleep(20);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException(
            string.Create(CultureInfo.InvariantCulture, $"{program} ended with {process.ExitCode}: {errors}"));
    }

    public void Dispose()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }

        Runtime.Dispose();
        Stop();
        Directory.Delete(Home, recursive: true);
    }
}

/// <summary>Keeps what a shell logs.</summary>
internal sealed class RecordingLog : ICommandLog
{
    public List<string> Lines { get; } = [];

    public void Sent(string hostName, string commandLine)
    {
        lock (Lines)
        {
            Lines.Add($"{hostName}> {commandLine}");
        }
    }

    public void Ended(string hostName, string commandLine, int exitCode, TimeSpan elapsed, string outputTail)
    {
        lock (Lines)
        {
            Lines.Add($"{hostName}= {exitCode} {outputTail}");
        }
    }
}
