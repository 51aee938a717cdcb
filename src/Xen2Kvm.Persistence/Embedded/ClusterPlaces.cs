using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>Where a private cluster keeps its things.</summary>
/// <param name="Home">The directory that holds all of it but the socket; belongs to the program.</param>
/// <param name="Socket">The directory of the server's socket; belongs to the server's account.</param>
internal sealed record ClusterPlaces(string Home, string Socket)
{
    /// <summary>The cluster itself; belongs to the server's account.</summary>
    public string Data => Path.Combine(Home, "data");

    /// <summary>A cluster in the making; it becomes <see cref="Data"/> when it is whole.</summary>
    public string NewData => Path.Combine(Home, "data.new");

    /// <summary>The password of the database's owner, readable by the program alone.</summary>
    public string Password => Path.Combine(Home, "password");

    /// <summary>The password while initdb, which runs under the server's account, reads it.</summary>
    public string PasswordForInit => Path.Combine(Home, "password.init");

    /// <summary>Held while a program makes or starts the cluster.</summary>
    public string Lock => Path.Combine(Home, "lock");

    /// <summary>Held by every program that uses the server, together.</summary>
    public string Users => Path.Combine(Home, "users");

    /// <summary>What the server says while it starts; afterwards it writes to log/ in the same directory.</summary>
    public string StartLog => Path.Combine(Data, "start.log");

    /// <summary>Written by the server while it runs.</summary>
    public string PidFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>The places that options and environment give.</summary>
    public static ClusterPlaces Of(EmbeddedPostgresOptions options, bool isRoot, Func<string, string?> environment)
    {
        var home = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.DataDirectory ?? DefaultHome(isRoot, environment)));
        return new(home, options.SocketDirectory ?? DefaultSocket(home, isRoot, environment));
    }

    /// <summary>Major version of the cluster, or null when there is none yet.</summary>
    public int? Version()
    {
        var file = Path.Combine(Data, "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture) : null;
    }

    private static string DefaultHome(bool isRoot, Func<string, string?> environment)
    {
        if (isRoot)
        {
            return "/var/lib/xen2kvm/postgres";
        }

        var state = environment("XDG_STATE_HOME") is { Length: > 0 } given ? given : Path.Combine(environment("HOME") ?? "/", ".local/state");
        return Path.Combine(state, "xen2kvm/postgres");
    }

    /// <summary>Short whatever the home's length is (a socket's address has 107 bytes), and different for each home.</summary>
    private static string DefaultSocket(string home, bool isRoot, Func<string, string?> environment)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(home)).AsSpan(0, 6));
        if (isRoot)
        {
            return Path.Combine("/run/xen2kvm", id);
        }

        return environment("XDG_RUNTIME_DIR") is { Length: > 0 and < 60 } runtime && Directory.Exists(runtime)
            ? Path.Combine(runtime, $"xen2kvm-{id}")
            : Path.Combine("/tmp", $"xen2kvm-{id}");
    }
}
