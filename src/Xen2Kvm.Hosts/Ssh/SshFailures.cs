using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>Turns what ssh and sudo say into a failure with a message that tells what to do next. Pure.</summary>
internal static partial class SshFailures
{
    /// <summary>Why a connection could not be made.</summary>
    /// <param name="host">The host.</param>
    /// <param name="said">Standard error of ssh.</param>
    /// <param name="publicKey">Public half of the key that was offered, when known.</param>
    public static RemoteException Connect(Host host, string said, string? publicKey)
    {
        var name = host.Name;
        var endpoint = host.Ssh;
        var where = $"{endpoint.Address} port {endpoint.Port}";
        var text = LastLines(said);

        if (ChangedKey(host, said) is { } changed)
        {
            return new(RemoteFailure.HostKeyMismatch, name, changed);
        }

        if (endpoint.JumpHost is { } jump && said.Contains(SshArguments.JumpFailed, StringComparison.Ordinal))
        {
            var inner = string.Join('\n', said.Split('\n').Where(line => !line.StartsWith(SshArguments.JumpFailed, StringComparison.Ordinal)
                && !line.Contains("UNKNOWN port", StringComparison.Ordinal) && !line.StartsWith("kex_exchange_identification", StringComparison.Ordinal)));
            var failure = inner.Contains("Permission denied", StringComparison.Ordinal) ? RemoteFailure.Authentication : RemoteFailure.Unreachable;
            return new(failure, name,
                $"{name} cannot be reached at {where} through the jump host {jump}: {LastLines(inner)}. Check that the jump host takes the key stored " +
                "for this host or one of the dashboard's account (never its password), and that the host can be reached from there.");
        }

        if (NoMatching().Match(said) is { Success: true } algorithms)
        {
            return new(RemoteFailure.Algorithms, name,
                $"{name} ({where}) and this program share no {algorithms.Groups["what"].Value}; the host offers {algorithms.Groups["offer"].Value.Trim()}. " +
                (endpoint.AllowLegacyAlgorithms
                    ? "Legacy algorithms are already allowed; this machine's OpenSSH no longer has the ones it needs. Use a jump host with an older OpenSSH."
                    : "Allow legacy algorithms on the host's page if it is an old system."));
        }

        if (ContainsAny(said, "Load key", "invalid format", "error in libcrypto"))
        {
            return new(RemoteFailure.Authentication, name,
                $"The key stored for {name} cannot be used ({text}). Store a private key in OpenSSH or PEM format, without a passphrase.");
        }

        if (Denied().Match(said) is { Success: true } denied)
        {
            return new(RemoteFailure.Authentication, name, Refused(host, denied.Groups["methods"].Value, publicKey));
        }

        if (said.Contains("Too many authentication failures", StringComparison.Ordinal))
        {
            return new(RemoteFailure.Authentication, name,
                $"{name} ({where}) gave up after too many keys were offered. Choose one key for this host instead of the account's own ones.");
        }

        return new(RemoteFailure.Unreachable, name, $"{name} cannot be reached at {where}: {Explain(said, text)}");
    }

    /// <summary>sudo refused; null when it did not.</summary>
    public static RemoteException? Sudo(Host host, int exitCode, string standardError)
    {
        var first = standardError.TrimStart().Split('\n')[0];
        if (!first.StartsWith("sudo:", StringComparison.Ordinal) && !(exitCode == 127 && first.Contains("sudo", StringComparison.Ordinal))
            && !first.Contains("is not in the sudoers file", StringComparison.Ordinal)
            && !first.Contains("is not allowed to execute", StringComparison.Ordinal))
        {
            return null;
        }

        if (first.StartsWith("sudo: unable to resolve host", StringComparison.Ordinal))
        {
            return null;
        }

        return new(RemoteFailure.Sudo, host.Name, exitCode == 127
            ? $"{host.Name} has no sudo. Install it, or connect as root."
            : $"{host.Name}: sudo does not let {host.Ssh.User} become root without a password ({first.Trim()}). Add `{host.Ssh.User} ALL=(root) NOPASSWD: ALL` " +
              "with visudo, or connect as root.");
    }

    /// <summary>The connection broke while a command ran.</summary>
    public static RemoteException Lost(Host host, string what, string said) => new(RemoteFailure.ConnectionLost, host.Name,
        $"The connection to {host.Name} broke while `{what}` ran; it may have had its effect{(said.Length > 0 ? $" ({LastLines(said)})" : "")}. " +
        "It is checked again before anything is repeated.");

    /// <summary>The host or the jump host before it showed another key than the pinned one: which, and both fingerprints. Null when neither did.</summary>
    private static string? ChangedKey(Host host, string said)
    {
        if (!ContainsAny(said, "HOST IDENTIFICATION HAS CHANGED", "Host key verification failed", "host key is known for"))
        {
            return null;
        }

        var jump = host.Ssh.JumpHost is not null && StrangeKey().Match(said) is { Success: true } strange && strange.Groups["alias"].Value == SshArguments.JumpAlias;
        var pinned = (jump ? host.Ssh.JumpHostKey : host.Ssh.HostKey) is { } key ? PrivateKeyText.Fingerprint(key) : "another";
        var shown = OfferedKey().Match(said) is { Success: true } offered ? offered.Groups["print"].Value.TrimEnd('.')
            : StrangeKey().Match(said) is { Success: true } other && other.Groups["type"].Success ? $"a key of type {other.Groups["type"].Value}"
            : "another key";
        var who = jump ? $"The jump host {host.Ssh.JumpHost} on the way to {host.Name}" : $"{host.Name} ({host.Ssh.Address} port {host.Ssh.Port})";
        return $"{who} showed the host key {shown}, but {pinned} was confirmed for it, so nothing was sent. If it was reinstalled, compare the new fingerprint " +
            $"on its own console (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and confirm it: Change… on the host's page, or `x2k host change {PosixQuoting.Quote(host.Name)}`; " +
            "otherwise someone may be in between.";
    }

    private static string Refused(Host host, string methods, string? publicKey)
    {
        var endpoint = host.Ssh;
        var home = endpoint.User == "root" ? "/root" : $"~{endpoint.User}";
        return endpoint.Authentication switch
        {
            SshAuthentication.Password =>
                $"{host.Name} refused the password of {endpoint.User} ({methods}). " +
                (methods.Contains("password", StringComparison.Ordinal) || methods.Contains("keyboard", StringComparison.Ordinal)
                    ? "Enter it again; for root also see PermitRootLogin in its /etc/ssh/sshd_config."
                    : "It takes no passwords; use a key."),
            SshAuthentication.Key =>
                $"{host.Name} refused the key ({methods}). Add the key{(publicKey is null ? "" : " " + Shorten(publicKey))} to " +
                $"{home}/.ssh/authorized_keys, or choose another one.",
            _ => $"{host.Name} refused every key of the dashboard's account ({methods}). Add one of them to {home}/.ssh/authorized_keys, or store a key for this host.",
        };
    }

    private static string Shorten(string publicKey) => publicKey.Length <= 200 ? publicKey : PrivateKeyText.Fingerprint(publicKey);

    private static string Explain(string said, string text) => said switch
    {
        _ when said.Contains("Could not resolve hostname", StringComparison.Ordinal) => "the name is not known. Check the spelling, or give the IP address.",
        _ when said.Contains("Connection refused", StringComparison.Ordinal) => "nothing listens there (connection refused). Check that sshd runs and the port is right.",
        _ when said.Contains("No route to host", StringComparison.Ordinal) => "there is no route to it. Check that it is switched on, and the network and firewall between.",
        _ when said.Contains("timed out", StringComparison.Ordinal) => "it does not answer (time-out). Check that it is switched on, and the firewall between.",
        _ when said.Contains("Network is unreachable", StringComparison.Ordinal) => "this machine has no network route to it.",
        _ when ContainsAny(said, "kex_exchange_identification", "Connection closed", "Connection reset") =>
            $"it closed the connection before a key was exchanged ({text}). Check that the port is SSH's, and sshd's log (MaxStartups, hosts.deny).",
        _ when text.Length > 0 => $"{text}.",
        _ => "ssh ended without a message.",
    };

    private static string LastLines(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return string.Join("; ", lines.TakeLast(3)).TrimEnd('.');
    }

    private static bool ContainsAny(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"no matching (?<what>.+?) found\. Their offer: (?<offer>.+)")]
    private static partial Regex NoMatching();

    [GeneratedRegex(@"key sent by the remote host is\s+(?<print>SHA256:\S+)")]
    private static partial Regex OfferedKey();

    [GeneratedRegex(@"(No (?<type>\S+) host key is known for|Host key for) (?<alias>[a-z0-9-]+) ")]
    private static partial Regex StrangeKey();

    [GeneratedRegex(@"Permission denied \((?<methods>[^)]*)\)")]
    private static partial Regex Denied();
}
