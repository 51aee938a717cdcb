namespace Xen2Kvm.Hosts.Ssh;

/// <summary>Settings of the SSH side, section <c>Ssh</c> of the configuration.</summary>
public sealed class SshOptions
{
    /// <summary>The OpenSSH client.</summary>
    public string Program { get; set; } = "ssh";

    /// <summary>How long a host may take to accept a TCP connection and to greet.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long it may take from the first packet to a session that answers; a busy dom0 is slow at key exchange and login.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often an open connection is asked whether it still stands; after four unanswered questions it counts as lost. That is before
    /// <see cref="AnswerTimeout"/>, so that a host that is gone is not taken for one that is slow.
    /// </summary>
    public TimeSpan AliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Commands at a time on one host. sshd's MaxSessions is 10 by default; one is the connection's own, one is kept for kills.</summary>
    public int SessionsPerHost { get; set; } = 8;

    /// <summary>A connection that nobody used for so long is closed; the next command opens it again.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Directory below which sockets lie; null for the system's temporary directory. Must be short: a socket's path has at most 107 bytes.
    /// </summary>
    public string? RuntimeRoot { get; set; }

    /// <summary>More output than this from one command is refused, in bytes.</summary>
    public long MostOutputBytes { get; set; } = 256L << 20;

    /// <summary>Everything that is wrong with these settings, in words.</summary>
    public IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(Program))
        {
            yield return "Ssh:Program is empty; give the OpenSSH client, as ssh.";
        }

        if (ConnectTimeout < TimeSpan.FromSeconds(1) || ConnectTimeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Ssh:ConnectTimeout is {ConnectTimeout}; give 00:00:01 to 00:10:00.";
        }

        if (AnswerTimeout < ConnectTimeout)
        {
            yield return $"Ssh:AnswerTimeout is {AnswerTimeout}; give at least Ssh:ConnectTimeout, {ConnectTimeout}.";
        }

        if (AliveInterval < TimeSpan.FromSeconds(1) || AliveInterval > TimeSpan.FromMinutes(10))
        {
            yield return $"Ssh:AliveInterval is {AliveInterval}; give 00:00:01 to 00:10:00.";
        }

        if (SessionsPerHost is < 1 or > 64)
        {
            yield return $"Ssh:SessionsPerHost is {SessionsPerHost}; give 1 to 64 (sshd allows 10 unless its MaxSessions says more).";
        }

        if (IdleTimeout < TimeSpan.FromSeconds(1))
        {
            yield return $"Ssh:IdleTimeout is {IdleTimeout}; give at least 00:00:01.";
        }

        if (RuntimeRoot is { Length: > 60 })
        {
            yield return $"Ssh:RuntimeRoot has {RuntimeRoot.Length} characters; sockets below it need a path of at most 60.";
        }
    }
}
