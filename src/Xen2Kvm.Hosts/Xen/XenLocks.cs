using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>
/// Locks of guests on their source host. The record is written first and removed last, so that a lock that was cut off half way can be
/// completed or taken back from the record alone.
/// </summary>
internal sealed class XenLocks(IRemoteShell shell)
{
    /// <summary>Where the records lie on a host.</summary>
    internal const string DefaultDirectory = "/var/lib/xen2kvm/locks";

    /// <summary>What the name of a locked config ends with.</summary>
    internal const string Suffix = ".locked-by-xen2kvm";

    /// <summary>Where the records lie on the host; tests change it.</summary>
    public string Directory { get; init; } = DefaultDirectory;

    /// <summary>Where the entries lie that are started at boot; tests change it.</summary>
    public string AutoDirectory { get; init; } = "/etc/xen/auto";

    /// <summary>The lock of a guest, or null.</summary>
    public async Task<SourceLock?> FindAsync(string guest, CancellationToken cancellationToken) =>
        (await LookAsync(guest, null, cancellationToken).ConfigureAwait(false)).Held;

    /// <summary>Locks a guest, or completes the lock that this run has begun.</summary>
    public async Task<SourceLock> LockAsync(string guest, string? configPath, Guid runId, CancellationToken cancellationToken)
    {
        if (configPath is not null && (!configPath.StartsWith('/') || configPath.Any(char.IsControl)))
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName, $"{shell.HostName}: `{configPath}` is no absolute path of a config file.");
        }

        var (held, links) = await LookAsync(guest, configPath, cancellationToken).ConfigureAwait(false);
        if (held is not null && held.RunId != runId)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: {guest} is locked by run {held.RunId}. Roll that run back, or let it end, first.");
        }

        if (held is null && links.Count > 1)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: {guest} is started at boot by more than one entry ({string.Join(", ", links.Select(link => link.Link))}). Leave one of them.");
        }

        var wanted = held ?? new SourceLock(
            guest, runId, configPath, configPath is null ? null : LockedPath(configPath), links.FirstOrDefault().Link, links.FirstOrDefault().Target);
        await RunAsync("lock", wanted, cancellationToken).ConfigureAwait(false);
        return wanted;
    }

    /// <summary>Takes a lock back.</summary>
    public Task UnlockAsync(SourceLock held, CancellationToken cancellationToken) => RunAsync("unlock", held, cancellationToken);

    /// <summary>Where a config lies while locked: beside itself, but never in a directory whose every file is started at boot.</summary>
    internal static string LockedPath(string config)
    {
        var directory = Path.GetDirectoryName(config) ?? "/";
        return Path.GetFileName(directory) == "auto"
            ? Path.Combine(Path.GetDirectoryName(directory) ?? "/", Path.GetFileName(config) + Suffix)
            : config + Suffix;
    }

    /// <summary>The record of a guest's lock.</summary>
    internal static string RecordPath(string directory, string guest) => $"{directory}/{Key(guest)}.json";

    /// <summary>Where an autostart file is kept while its guest is locked.</summary>
    internal static string KeptAutostartPath(string directory, string guest) => $"{directory}/{Key(guest)}.auto";

    /// <summary>The note beside a locked config.</summary>
    internal static string NotePath(string lockedConfig) => lockedConfig + ".txt";

    /// <summary>A file name for a guest's name, whatever that holds.</summary>
    internal static string Key(string guest)
    {
        var escaped = Uri.EscapeDataString(guest);
        return escaped.Length <= 200 ? escaped : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(guest)));
    }

    private async Task<(SourceLock? Held, List<(string? Link, string? Target)> Links)> LookAsync(
        string guest, string? configPath, CancellationToken cancellationToken)
    {
        var output = await HostScripts.RunAsync(
            shell, HostScripts.Command("xen-lock.sh", "look", Directory, Key(guest), "", guest, configPath ?? "", "", "", "", "", AutoDirectory) with { IsRead = true },
            $"looking for a lock of {guest}", cancellationToken).ConfigureAwait(false);
        var line = output.IndexOf('\n', StringComparison.Ordinal);
        if (line >= 0 && output[..line] == "record")
        {
            return (Parse(guest, output[(line + 1)..]), []);
        }

        var links = output[(line + 1)..].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split('\t', 2))
            .Select(words => ((string?)words[0], words.Length > 1 && words[1].Length > 0 ? words[1] : null)).ToList();
        return (null, links);
    }

    private SourceLock Parse(string guest, string json)
    {
        try
        {
            return JsonSerializer.Deserialize<SourceLock>(json) ?? throw new JsonException();
        }
        catch (JsonException error)
        {
            throw new RemoteException(RemoteFailure.CommandFailed, shell.HostName,
                $"{shell.HostName}: the lock of {guest} at {RecordPath(Directory, guest)} cannot be read ({error.Message}). Look at it by hand before moving the guest.", error);
        }
    }

    private Task RunAsync(string action, SourceLock held, CancellationToken cancellationToken) => HostScripts.RunAsync(
        shell,
        HostScripts.Command(
            "xen-lock.sh", action, Directory, Key(held.Guest), $"{held.RunId}", held.Guest, held.ConfigPath ?? "", held.LockedConfigPath ?? "",
            held.AutostartLink ?? "", held.AutostartTarget ?? "", JsonSerializer.Serialize(held), AutoDirectory),
        $"{action} of {held.Guest}", cancellationToken);
}
