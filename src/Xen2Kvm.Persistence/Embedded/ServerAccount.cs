using System.Diagnostics;

namespace Xen2Kvm.Persistence.Embedded;

/// <summary>
/// Runs programs as the account that the server belongs to: the program's own, or, for root (which PostgreSQL refuses to run as), a
/// system account that setpriv changes to. Programs get a clean environment: no PG* variable of the caller changes what they do.
/// </summary>
internal sealed class ServerAccount
{
    private readonly string? _user;
    private readonly string _group;

    private ServerAccount(string? user, string group) => (_user, _group) = (user, group);

    /// <summary>Whether the server runs under another account than the program.</summary>
    public bool IsOther => _user is not null;

    /// <summary>Finds the account to use.</summary>
    public static async Task<ServerAccount> FindAsync(string systemUser, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return new(null, "");
        }

        var (exitCode, group, _) = await ExecuteAsync("id", ["-g", "--", systemUser], cancellationToken);
        return exitCode == 0
            ? new(systemUser, group.Trim())
            : throw new EmbeddedPostgresException(
                $"The program runs as root, but PostgreSQL does not, and there is no account “{systemUser}” to run it under. "
                + "Debian's package makes one: apt install postgresql-15");
    }

    /// <summary>Makes a directory that only the server's account may enter, or takes an existing one that is such.</summary>
    public async Task MakePrivateDirectoryAsync(string path, CancellationToken cancellationToken)
    {
        // A link in its place would hand a directory chosen by someone else to the server.
        if (new DirectoryInfo(path).LinkTarget is { } target)
        {
            throw new EmbeddedPostgresException($"{path} is a symbolic link (to {target}); remove it, or configure another directory.");
        }

        if (!IsOther)
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            try
            {
                // Fails when it exists and belongs to somebody else.
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new EmbeddedPostgresException($"{path} belongs to another account; configure another directory.", exception);
            }

            return;
        }

        var (exitCode, _, error) = await ExecuteAsync("install", ["-d", "-m", "0700", "-o", _user!, "-g", _group, "--", path], cancellationToken);
        if (exitCode != 0)
        {
            throw new EmbeddedPostgresException($"The directory {path} could not be made: {error.Trim()}");
        }
    }

    /// <summary>Gives a file to the server's account.</summary>
    public async Task GiveAsync(string path, CancellationToken cancellationToken)
    {
        if (IsOther)
        {
            var (exitCode, _, error) = await ExecuteAsync("chown", ["--no-dereference", "--", _user!, path], cancellationToken);
            if (exitCode != 0)
            {
                throw new EmbeddedPostgresException($"{path} could not be given to {_user}: {error.Trim()}");
            }
        }
    }

    /// <summary>Fails with a readable message when the account cannot enter a directory.</summary>
    public async Task RequireAccessAsync(string path, CancellationToken cancellationToken)
    {
        if (!IsOther)
        {
            return;
        }

        var (exitCode, _, _) = await RunAsync("test", ["-x", path], cancellationToken);
        if (exitCode != 0)
        {
            throw new EmbeddedPostgresException(
                $"The account “{_user}”, which PostgreSQL runs under, may not enter {path}. "
                + $"Set {EmbeddedPostgresOptions.Section}:DataDirectory to a directory whose parents it may enter, such as /var/lib/xen2kvm/postgres.");
        }
    }

    /// <summary>Runs a program as the account and waits for its end.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        IsOther
            ? ExecuteAsync(
                "setpriv",
                ["--reuid", _user!, "--regid", _group, "--init-groups", "--inh-caps=-all", "--", program, .. arguments],
                cancellationToken)
            : ExecuteAsync(program, arguments, cancellationToken);

    private static async Task<(int ExitCode, string Output, string Error)> ExecuteAsync(
        string program, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var path = start.Environment.TryGetValue("PATH", out var value) ? value : null;
        start.Environment.Clear();
        start.Environment["PATH"] = path ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        using var process = Start(start);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await error);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new EmbeddedPostgresException($"{start.FileName} could not be started: {exception.Message}", exception);
        }
    }
}
