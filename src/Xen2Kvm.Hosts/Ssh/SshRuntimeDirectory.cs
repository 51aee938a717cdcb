using System.Globalization;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// A private directory (0700) of this process for control sockets and known_hosts files, and one in memory for secrets, which lie there
/// only while a connection is being made. Both vanish on disposal; those of a process that was killed are removed by the next one.
/// </summary>
public sealed class SshRuntimeDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAll = OwnerOnly | UnixFileMode.UserExecute;
    private const string Prefix = "x2k-ssh-";
    private readonly string _secrets;
    private int _last;

    /// <summary>Makes the directories.</summary>
    public SshRuntimeDirectory(IOptions<SshOptions> options)
    {
        var root = options.Value.RuntimeRoot ?? Path.GetTempPath();
        Directory.CreateDirectory(root);
        Root = Make(root);
        _secrets = Directory.Exists("/dev/shm") && TryMake("/dev/shm") is { } memory ? memory : Root;
        AskPass = Path.Combine(Root, "askpass");

        // ssh asks this program for the password; the file's name is in its environment, the password is only in the file.
        Write(AskPass, "#!/bin/sh\n[ -z \"$SSH_ASKPASS_PROMPT\" ] && exec cat \"$X2K_ASKPASS_FILE\"\nexit 1\n", OwnerAll);
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>Where secrets lie while they are needed: in memory where the machine has such a file system.</summary>
    internal string Secrets => _secrets;

    /// <summary>The program that ssh asks for a password.</summary>
    public string AskPass { get; }

    /// <summary>A path for a new socket or file.</summary>
    public string NewPath(string kind) => Path.Combine(Root, kind + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes a file that only this account reads.</summary>
    public string WriteFile(string kind, string content)
    {
        var path = NewPath(kind);
        Write(path, content, OwnerOnly);
        return path;
    }

    /// <summary>Writes a secret for the time of a connection; the caller removes it.</summary>
    internal string WriteSecret(string content)
    {
        var path = Path.Combine(_secrets, "s" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture));
        Write(path, content, OwnerOnly);
        return path;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Remove(Root);
        Remove(_secrets);
    }

    private static void Write(string path, string content, UnixFileMode mode)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        });
        file.Write(System.Text.Encoding.UTF8.GetBytes(content));
    }

    private static string? TryMake(string root)
    {
        try
        {
            return Make(root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Make(string root)
    {
        foreach (var old in Directory.EnumerateDirectories(root, Prefix + "*"))
        {
            var words = Path.GetFileName(old)[Prefix.Length..].Split('-');
            if (words.Length == 2 && !Directory.Exists($"/proc/{words[0]}"))
            {
                Remove(old);
            }
        }

        var path = Path.Combine(root, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");
        Directory.CreateDirectory(path, OwnerAll);
        return path;
    }

    private static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone already, or another account's: nothing to do.
        }
    }
}
