namespace Xen2Kvm.Persistence.Embedded;

/// <summary>The private PostgreSQL cluster that the program starts when it is given no connection string (section <c>Embedded</c>).</summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Embedded";

    /// <summary>pg_ctl puts paths into a shell command between double quotes, and a comma ends a host in a connection string.</summary>
    private const string _refused = "\"$`\\,\0\n\r";

    /// <summary>
    /// Directory of the cluster and its password, an absolute path. Default: /var/lib/xen2kvm/postgres for root, else
    /// xen2kvm/postgres in $XDG_STATE_HOME (~/.local/state). The server's account must be able to enter every directory above it.
    /// </summary>
    public string? DataDirectory { get; set; }

    /// <summary>
    /// Directory of the server's socket, an absolute path of at most 80 characters. Default: a directory of the cluster's own under
    /// /run/xen2kvm for root, else under $XDG_RUNTIME_DIR or /tmp.
    /// </summary>
    public string? SocketDirectory { get; set; }

    /// <summary>Directory of PostgreSQL's server programs. Default: the newest /usr/lib/postgresql/*/bin that fits the cluster.</summary>
    public string? BinDirectory { get; set; }

    /// <summary>The account that the server runs under when the program is root, which PostgreSQL refuses to run as.</summary>
    public string SystemUser { get; set; } = "postgres";

    /// <summary>Seconds that the server may take to start (after a crash it first replays its log) and to stop. 5 to 3600.</summary>
    public int TimeoutSeconds { get; set; } = 120;

    /// <summary>Most connections at once, 10 to 1000; each takes some memory when used.</summary>
    public int MaxConnections { get; set; } = 100;

    /// <summary>What is wrong with these options, in words; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        foreach (var (name, path) in new[]
                 {
                     (nameof(DataDirectory), DataDirectory), (nameof(SocketDirectory), SocketDirectory), (nameof(BinDirectory), BinDirectory),
                 })
        {
            if (path is not null && !Path.IsPathFullyQualified(path))
            {
                yield return $"{Section}:{name} must be an absolute path, and is “{path}”.";
            }
            else if (path is not null && path.AsSpan().IndexOfAny(_refused) >= 0)
            {
                yield return $"{Section}:{name} must not contain any of \" $ ` \\ , or line breaks, and is “{path}”.";
            }
        }

        if (SocketDirectory is { Length: > 80 })
        {
            yield return $"{Section}:{nameof(SocketDirectory)} is longer than 80 characters, too long for a socket's address.";
        }

        if (string.IsNullOrWhiteSpace(SystemUser))
        {
            yield return $"{Section}:{nameof(SystemUser)} must name an account; Debian's package makes “postgres”.";
        }

        if (TimeoutSeconds is < 5 or > 3600)
        {
            yield return $"{Section}:{nameof(TimeoutSeconds)} must be from 5 to 3600, and is {TimeoutSeconds}.";
        }

        if (MaxConnections is < 10 or > 1000)
        {
            yield return $"{Section}:{nameof(MaxConnections)} must be from 10 to 1000, and is {MaxConnections}.";
        }
    }
}
