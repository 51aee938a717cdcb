using System.Globalization;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>The server's settings. They are given at each start, so that a new version of the program changes them for old clusters too.</summary>
internal static class ServerSettings
{
    /// <summary>The settings as one shell-quoted string, as <c>pg_ctl -o</c> wants them.</summary>
    public static string For(string socketDirectory, int port, int maxConnections)
    {
        (string Name, string Value)[] settings =
        [
            // No TCP: only who may enter the directory can try to connect.
            ("listen_addresses", ""),
            ("unix_socket_directories", Quoted(socketDirectory)),
            ("unix_socket_permissions", "0700"),
            ("port", port.ToString(CultureInfo.InvariantCulture)),
            ("max_connections", maxConnections.ToString(CultureInfo.InvariantCulture)),
            ("password_encryption", "scram-sha-256"),
            // What is committed stays: both are the defaults, said here because the run ledger rests on them.
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("shared_buffers", "64MB"),
            ("max_wal_size", "512MB"),
            ("jit", "off"),
            ("timezone", "UTC"),
            // A log per weekday, overwritten a week later.
            ("logging_collector", "on"),
            ("log_directory", "log"),
            ("log_filename", "postgres-%a.log"),
            ("log_truncate_on_rotation", "on"),
            ("log_rotation_age", "1d"),
            ("log_rotation_size", "0"),
        ];
        return string.Join(' ', settings.Select(setting => $"-c {ShellQuoted($"{setting.Name}={setting.Value}")}"));
    }

    /// <summary>One name of a list setting: quoted, a comma in it does not end it.</summary>
    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string ShellQuoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
