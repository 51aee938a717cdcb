using System.Globalization;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>Finds PostgreSQL's server programs.</summary>
internal static class PostgresPrograms
{
    private const string _debianRoot = "/usr/lib/postgresql";

    /// <summary>The directory of the programs for a cluster.</summary>
    /// <param name="configured">The directory that the options name, or null.</param>
    /// <param name="clusterVersion">Major version of a cluster that exists already, or null for a new one.</param>
    /// <param name="root">Where Debian puts a directory per major version.</param>
    public static string Find(string? configured, int? clusterVersion, string root = _debianRoot)
    {
        if (configured is not null)
        {
            return HasServer(configured)
                ? configured
                : throw new EmbeddedPostgresException(
                    $"{EmbeddedPostgresOptions.Section}:BinDirectory is {configured}, but there are no PostgreSQL server programs in it "
                    + "(initdb, pg_ctl, postgres).");
        }

        var found = new List<(int Version, string Bin)>();
        if (Directory.Exists(root))
        {
            foreach (var directory in Directory.EnumerateDirectories(root))
            {
                var bin = Path.Combine(directory, "bin");
                var name = Path.GetFileName(directory);
                if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && HasServer(bin))
                {
                    found.Add((version, bin));
                }
            }
        }

        if (clusterVersion is { } wanted)
        {
            return found.Find(program => program.Version == wanted).Bin ?? throw new EmbeddedPostgresException(
                $"The cluster was made by PostgreSQL {wanted}, whose server programs are missing: apt install postgresql-{wanted}");
        }

        return found.Count > 0
            ? found.MaxBy(program => program.Version).Bin
            : throw new EmbeddedPostgresException(
                "PostgreSQL's server programs are missing: apt install postgresql-15 "
                + "(or give a connection string as ConnectionStrings:Xen2Kvm)");
    }

    private static bool HasServer(string bin) =>
        File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "pg_ctl")) && File.Exists(Path.Combine(bin, "postgres"));
}
