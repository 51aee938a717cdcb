using System.Text;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>One authenticated connection to a host that commands share (an OpenSSH control master).</summary>
internal sealed class SshMaster : IDisposable
{
    private readonly SshProcess _process;
    private readonly string _knownHosts;

    private SshMaster(SshProcess process, string controlPath, string knownHosts)
    {
        _process = process;
        ControlPath = controlPath;
        _knownHosts = knownHosts;
    }

    /// <summary>Its control socket.</summary>
    public string ControlPath { get; }

    /// <summary>Its process on this machine.</summary>
    public int ProcessId => _process.Id;

    /// <summary>It stands.</summary>
    public bool IsAlive => !_process.HasExited;

    /// <summary>Connects. Secrets lie in files only until it stands or has failed.</summary>
    /// <exception cref="RemoteException">It could not be made; the message says why and what to do.</exception>
    public static async Task<SshMaster> ConnectAsync(
        Host host, string? secret, SshOptions options, SshRuntimeDirectory directory, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        SshArguments.Check(host.Name, host.Ssh);
        if (host.Ssh.HostKey is not { Length: > 0 } hostKey)
        {
            throw new RemoteException(RemoteFailure.HostKeyUnknown, host.Name,
                $"Nobody has confirmed the host key of {host.Name} yet. Open the host's page, compare the fingerprint and confirm it.");
        }

        if (host.Ssh is { JumpHost: { } jump, JumpHostKey: null or "" })
        {
            throw new RemoteException(RemoteFailure.HostKeyUnknown, host.Name,
                $"Nobody has confirmed the host key of {jump}, the jump host on the way to {host.Name}, yet. Compare its fingerprint and confirm it: Change… on the page of {host.Name}, or x2k host change {host.Name}.");
        }

        string? key = null;
        string? publicKey = null;
        var environment = new Dictionary<string, string?>();
        var secretFile = default(string);
        var knownHosts = directory.WriteFile("k", Pinned(SshArguments.Alias, hostKey) + Pinned(SshArguments.JumpAlias, host.Ssh.JumpHostKey));
        var controlPath = directory.NewPath("c");
        SshProcess? process = null;
        try
        {
            switch (host.Ssh.Authentication)
            {
                case SshAuthentication.Key:
                    var read = PrivateKeyText.Read(secret ?? throw NoSecret(host, "key"));
                    if (read.NeedsPassphrase)
                    {
                        throw new RemoteException(RemoteFailure.Authentication, host.Name,
                            $"The key stored for {host.Name} is protected by a passphrase. Store it without one (ssh-keygen -p), or let the account's agent hold it.");
                    }

                    publicKey = read.PublicKey;
                    key = secretFile = directory.WriteSecret(read.Normalised);
                    break;
                case SshAuthentication.Password:
                    secretFile = directory.WriteSecret((secret ?? throw NoSecret(host, "password")) + "\n");
                    environment["SSH_ASKPASS"] = directory.AskPass;
                    environment["SSH_ASKPASS_REQUIRE"] = "force";
                    environment["X2K_ASKPASS_FILE"] = secretFile;
                    break;
            }

            process = SshProcess.Start(host.Name, options.Program, SshArguments.Master(host.Ssh, options, controlPath, knownHosts, key), environment);
            await WaitUntilReadyAsync(process, host, options, publicKey, time, cancellationToken).ConfigureAwait(false);
            SshLog.Connected(logger, host.Name, host.Ssh.Address, host.Ssh.Port);
            return new(process, controlPath, knownHosts);
        }
        catch (Exception error)
        {
            process?.Dispose();
            File.Delete(knownHosts);
            File.Delete(controlPath);
            if (error is RemoteException)
            {
                SshLog.ConnectFailed(logger, host.Name, error.Message);
            }

            throw;
        }
        finally
        {
            if (secretFile is not null)
            {
                File.Delete(secretFile);
            }
        }
    }

    /// <summary>A line of known_hosts; nothing without a key.</summary>
    internal static string Pinned(string alias, string? key) => key is null ? "" : $"{alias} {key.ReplaceLineEndings(" ").Trim()}\n";

    /// <inheritdoc />
    public void Dispose()
    {
        _process.CloseInput();
        _process.Dispose();
        File.Delete(ControlPath);
        File.Delete(_knownHosts);
    }

    private static async Task WaitUntilReadyAsync(
        SshProcess process, Host host, SshOptions options, string? publicKey, TimeProvider time, CancellationToken cancellationToken)
    {
        var said = new StringBuilder();
        var errors = CollectAsync(process.Error, said);

        // ConnectTimeout of ssh covers the connection and key exchange; a host that then falls silent is covered here.
        using var timeout = new CancellationTokenSource(options.AnswerTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var output = new StreamReader(process.Output, Encoding.UTF8, false, 256, leaveOpen: true);
            while (await output.ReadLineAsync(both.Token).ConfigureAwait(false) is { } line)
            {
                // Login scripts may print before.
                if (line.EndsWith(SshArguments.Ready, StringComparison.Ordinal))
                {
                    return;
                }
            }

            await process.WaitAsync(both.Token).ConfigureAwait(false);
            await errors.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RemoteException(RemoteFailure.Unreachable, host.Name,
                $"{host.Name} cannot be reached at {host.Ssh.Address} port {host.Ssh.Port}: it began to answer but did not let the program in within " +
                $"{options.AnswerTimeout.TotalSeconds:0} seconds. Check its load, its name service (sshd's UseDNS) and the firewall between.");
        }

        string text;
        lock (said)
        {
            text = said.ToString();
        }

        throw process.ExitCode == 255
            ? SshFailures.Connect(host, text, publicKey)
            : new RemoteException(RemoteFailure.CommandFailed, host.Name,
                $"{host.Name} let {host.Ssh.User} in, but its login shell runs no commands ({text.Trim()}). Give the account a POSIX shell, or use another one.");
    }

    /// <summary>Reads standard error for as long as the connection lives, so that its pipe never fills.</summary>
    private static async Task CollectAsync(StreamReader reader, StringBuilder into)
    {
        try
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                lock (into)
                {
                    if (into.Length < 16384)
                    {
                        into.AppendLine(line);
                    }
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // The connection was closed.
        }
    }

    private static RemoteException NoSecret(Host host, string what) => new(RemoteFailure.Authentication, host.Name,
        $"No {what} is stored for {host.Name}. Store one on the host's page.");
}
