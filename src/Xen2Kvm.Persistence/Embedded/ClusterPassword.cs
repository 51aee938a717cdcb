using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>The generated password of a private cluster, in a file that only the program can read.</summary>
internal static class ClusterPassword
{
    /// <summary>Makes a password, once to keep and once for initdb.</summary>
    public static async Task MakeAsync(ClusterPlaces places, CancellationToken cancellationToken)
    {
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await WriteAsync(places.Password, password, cancellationToken);
        await WriteAsync(places.PasswordForInit, password, cancellationToken);
    }

    /// <summary>The password of a cluster that exists.</summary>
    public static async Task<string> ReadAsync(ClusterPlaces places, CancellationToken cancellationToken)
    {
        try
        {
            return (await File.ReadAllTextAsync(places.Password, cancellationToken)).Trim();
        }
        catch (FileNotFoundException exception)
        {
            throw new EmbeddedPostgresException(
                $"The cluster in {places.Home} has lost its password file {places.Password}; put it back (it belongs with the cluster in backups).",
                exception);
        }
    }

    private static async Task WriteAsync(string path, string password, CancellationToken cancellationToken)
    {
        File.Delete(path);
        await using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await stream.WriteAsync(Encoding.ASCII.GetBytes(password), cancellationToken);
        // The cluster is worth nothing without it, and initdb syncs the cluster.
        stream.Flush(flushToDisk: true);
    }
}
