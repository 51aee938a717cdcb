using System.Globalization;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>Builds the argument lists of the OpenSSH client. Pure.</summary>
internal static partial class SshArguments
{
    /// <summary>What ssh says when it has no connection to share; the command was not sent then.</summary>
    public const string NoMaster = "x2k-no-connection";

    /// <summary>What is said when the jump host did not lead to the host.</summary>
    public const string JumpFailed = "x2k-jump-failed";

    /// <summary>What the connection's own session prints when it stands.</summary>
    public const string Ready = "x2k-ready";

    /// <summary>Refuses an endpoint whose words ssh could read as something else.</summary>
    /// <exception cref="RemoteException">The address, account or jump host is malformed.</exception>
    public static void Check(string hostName, SshEndpoint endpoint)
    {
        string? problem = null;
        if (!Address().IsMatch(endpoint.Address))
        {
            problem = $"`{endpoint.Address}` is no host name and no IP address.";
        }
        else if (endpoint.Port is < 1 or > 65535)
        {
            problem = $"Port {endpoint.Port} does not exist; give 1 to 65535.";
        }
        else if (!Account().IsMatch(endpoint.User))
        {
            problem = $"`{endpoint.User}` is no account name.";
        }
        else if (endpoint.JumpHost is { } jump && !Jump().IsMatch(jump))
        {
            problem = $"The jump host `{jump}` is not of the form [user@]host[:port].";
        }

        if (problem is not null)
        {
            throw new RemoteException(RemoteFailure.Unreachable, hostName, $"{hostName} cannot be reached: {problem} Correct it on the host's page.");
        }
    }

    /// <summary>The connection that all commands share. It ends when its standard input ends, so it never outlives this program.</summary>
    public static List<string> Master(SshEndpoint endpoint, SshOptions options, string controlPath, string knownHosts, string? identity)
    {
        var arguments = Common(endpoint, options, knownHosts, "yes", identity);
        arguments.AddRange(["-o", "ControlMaster=yes", "-o", $"ControlPath={controlPath}", "-o", "ControlPersist=no"]);
        switch (endpoint.Authentication)
        {
            case SshAuthentication.Key:
                arguments.AddRange([
                    "-o", "BatchMode=yes", "-o", "PreferredAuthentications=publickey", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
                    "-i", identity ?? throw new ArgumentNullException(nameof(identity))]);
                break;
            case SshAuthentication.Password:
                arguments.AddRange([
                    "-o", "BatchMode=no", "-o", "PubkeyAuthentication=no", "-o", "PreferredAuthentications=password,keyboard-interactive",
                    "-o", "NumberOfPasswordPrompts=1", "-o", "IdentityAgent=none"]);
                break;
            default:
                arguments.AddRange(["-o", "BatchMode=yes"]);
                break;
        }

        arguments.AddRange(["--", endpoint.Address, $"exec sh -c 'echo {Ready}; exec cat >/dev/null'"]);
        return arguments;
    }

    /// <summary>One command over the shared connection. Without one it fails before anything is sent, never by connecting on its own.</summary>
    public static List<string> Client(string controlPath, string line) =>
    [
        "-F", "none", "-T", "-a", "-x", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "-o", "ControlMaster=no",
        "-o", $"ControlPath={controlPath}", "-o", $"ProxyCommand=echo {NoMaster} >&2; exit 1", "--", "x2k", line,
    ];

    /// <summary>Asks a host for its key: the key exchange happens, no way to authenticate is offered, and the key is in the file after.</summary>
    public static List<string> Scan(SshEndpoint endpoint, SshOptions options, string knownHosts, string? identity)
    {
        // Ours first: ssh takes the first value of an option.
        var algorithms = "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256"
            + (endpoint.AllowLegacyAlgorithms ? ",ssh-rsa" : "");
        return
        [
            "-o", $"HostKeyAlgorithms={algorithms}", .. Common(endpoint, options, knownHosts, "accept-new", identity),
            "-o", "BatchMode=yes", "-o", "PreferredAuthentications=none", "-o", "ControlPath=none", "--", endpoint.Address, "true",
        ];
    }

    private static List<string> Common(SshEndpoint endpoint, SshOptions options, string knownHosts, string strict, string? identity)
    {
        var seconds = Seconds(options.ConnectTimeout);
        List<string> arguments = [];
        if (endpoint.Authentication != SshAuthentication.Ambient)
        {
            // Nothing of the account's own configuration may change what a stored host means.
            arguments.AddRange(["-F", "none"]);
        }

        arguments.AddRange([
            "-T", "-a", "-x", "-l", endpoint.User, "-p", endpoint.Port.ToString(CultureInfo.InvariantCulture),
            // INFO, because "no matching key exchange method" and the like are said at that level.
            "-o", "LogLevel=INFO", "-o", $"ConnectTimeout={seconds}", "-o", "ConnectionAttempts=1",
            "-o", $"ServerAliveInterval={Seconds(options.AliveInterval)}", "-o", "ServerAliveCountMax=4",
            "-o", $"StrictHostKeyChecking={strict}", "-o", $"UserKnownHostsFile={knownHosts}", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", $"HostKeyAlias={Alias}", "-o", "HashKnownHosts=no", "-o", "CheckHostIP=no", "-o", "UpdateHostKeys=no",
            "-o", "ForwardAgent=no", "-o", "ClearAllForwardings=yes", "-o", "PermitLocalCommand=no", "-o", "Compression=no",
            "-o", "RequestTTY=no", "-o", "RemoteCommand=none"]);
        if (endpoint.AllowLegacyAlgorithms)
        {
            arguments.AddRange(Legacy);
        }

        if (endpoint.JumpHost is { } jump)
        {
            arguments.AddRange(["-o", $"ProxyCommand={JumpCommand(jump, options, endpoint, knownHosts, identity, seconds)}"]);
        }

        return arguments;
    }

    /// <summary>The name under which the pinned key stands in known_hosts.</summary>
    public const string Alias = "x2k-host";

    /// <summary>The same for the jump host.</summary>
    public const string JumpAlias = "x2k-jump";

    private static readonly string[] Legacy =
    [
        "-o", "KexAlgorithms=+diffie-hellman-group14-sha1,diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1",
        "-o", "HostKeyAlgorithms=+ssh-rsa", "-o", "PubkeyAcceptedAlgorithms=+ssh-rsa", "-o", "MACs=+hmac-sha1",
        "-o", "Ciphers=+aes128-cbc,aes256-cbc,3des-cbc",
    ];

    /// <summary>
    /// Like -J, but with the host's own key offered to the jump host too, and never the password. The jump host's key is pinned as the
    /// host's own is, in the same file.
    /// </summary>
    private static string JumpCommand(string jump, SshOptions options, SshEndpoint endpoint, string knownHosts, string? identity, string seconds)
    {
        var parts = Jump().Match(jump);
        List<string> words =
        [
            options.Program, "-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "LogLevel=INFO", "-o", $"ConnectTimeout={seconds}",
            "-o", "StrictHostKeyChecking=yes", "-o", $"UserKnownHostsFile={knownHosts}", "-o", "GlobalKnownHostsFile=/dev/null",
            "-o", $"HostKeyAlias={JumpAlias}", "-o", "CheckHostIP=no", "-o", "UpdateHostKeys=no", "-o", "ControlPath=none",
        ];
        if (parts.Groups["user"].Success)
        {
            words.AddRange(["-l", parts.Groups["user"].Value]);
        }

        if (parts.Groups["port"].Success)
        {
            words.AddRange(["-p", parts.Groups["port"].Value]);
        }

        if (identity is not null)
        {
            words.AddRange(["-i", identity]);
        }

        if (endpoint.AllowLegacyAlgorithms)
        {
            words.AddRange(Legacy);
        }

        var target = endpoint.Address.Contains(':', StringComparison.Ordinal) ? $"[{endpoint.Address}]" : endpoint.Address;
        words.AddRange(["-W", $"{target}:{endpoint.Port}", "--", parts.Groups["host"].Value.Trim('[', ']')]);

        // Its failure is marked, to be told apart from one of the host behind it. ssh expands % in this string before its shell reads it.
        return PosixQuoting.Join(["sh", "-c", $"\"$@\" || echo {JumpFailed} >&2", "x2k", .. words]).Replace("%", "%%", StringComparison.Ordinal);
    }

    /// <summary>The jump host as a host of its own, to be asked for its key; null without one.</summary>
    public static SshEndpoint? JumpEndpoint(SshEndpoint endpoint)
    {
        if (endpoint.JumpHost is not { } jump || Jump().Match(jump) is not { Success: true } parts)
        {
            return null;
        }

        return new SshEndpoint
        {
            Address = parts.Groups["host"].Value.Trim('[', ']'),
            Port = parts.Groups["port"].Success ? int.Parse(parts.Groups["port"].Value, CultureInfo.InvariantCulture) : 22,
            User = parts.Groups["user"].Success ? parts.Groups["user"].Value : endpoint.User,
            Authentication = endpoint.Authentication,
            AllowLegacyAlgorithms = endpoint.AllowLegacyAlgorithms,
        };
    }

    private static string Seconds(TimeSpan time) => ((int)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[A-Za-z0-9_.:][A-Za-z0-9_.:%-]*$")]
    private static partial Regex Address();

    [GeneratedRegex(@"^[A-Za-z0-9_.][A-Za-z0-9_.@\\-]*\$?$")]
    private static partial Regex Account();

    [GeneratedRegex(@"^((?<user>[A-Za-z0-9_.][A-Za-z0-9_.-]*)@)?(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)(:(?<port>[0-9]{1,5}))?$")]
    private static partial Regex Jump();
}
