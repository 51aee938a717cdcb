using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Inventory;

/// <summary>What a person gives to add a host.</summary>
/// <param name="Name">Unique name.</param>
/// <param name="Kind">Xen or KVM.</param>
/// <param name="Ssh">How to reach it, with the confirmed host key.</param>
/// <param name="Secret">Private key text or password; null for ambient authentication.</param>
/// <param name="DataAddress">Address other hosts use, or null.</param>
public sealed record NewHost(string Name, HostKind Kind, SshEndpoint Ssh, string? Secret, string? DataAddress = null);

/// <summary>What a person changes of a host: how it is reached. Its name and kind stay, since plans and runs refer to them.</summary>
/// <param name="Ssh">How to reach it, with the confirmed host key.</param>
/// <param name="Secret">New private key text or password; null keeps the stored one.</param>
/// <param name="DataAddress">Address other hosts use, or null.</param>
public sealed record ChangedHost(SshEndpoint Ssh, string? Secret, string? DataAddress = null);

/// <summary>A request that cannot be carried out; the message says why and what to do.</summary>
public sealed class RefusedException(string message) : Exception(message);

/// <summary>Adds, tests and refreshes hosts.</summary>
public sealed class HostService(IHostStore hosts, IRunStore runs, IHostConnector connector, IAuditLog audit, TimeProvider time)
{
    /// <summary>All hosts by name.</summary>
    public Task<IReadOnlyList<Host>> ListAsync(CancellationToken cancellationToken) => hosts.ListAsync(cancellationToken);

    /// <summary>A host by id or name, or null.</summary>
    public async Task<Host?> FindAsync(string idOrName, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(idOrName, out var id) && await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } byId)
        {
            return byId;
        }

        var all = await hosts.ListAsync(cancellationToken).ConfigureAwait(false);
        return all.FirstOrDefault(host => string.Equals(host.Name, idOrName, StringComparison.Ordinal));
    }

    /// <summary>The latest snapshot of a host, or null.</summary>
    public Task<HostSnapshot?> GetSnapshotAsync(Guid id, CancellationToken cancellationToken) => hosts.GetSnapshotAsync(id, cancellationToken);

    /// <summary>What changed on a host since a time, newest first.</summary>
    public Task<IReadOnlyList<(DateTimeOffset At, SnapshotDifference Difference)>> ListDifferencesAsync(
        Guid id, DateTimeOffset since, CancellationToken cancellationToken) => hosts.ListDifferencesAsync(id, since, cancellationToken);

    /// <summary>Asks a host that is to be added for its key, for a person to compare.</summary>
    /// <exception cref="RemoteException">It does not answer.</exception>
    public Task<HostKeyOffer> ScanHostKeyAsync(SshEndpoint endpoint, string? secret, CancellationToken cancellationToken) =>
        connector.ScanHostKeyAsync(endpoint, secret, cancellationToken);

    /// <summary>Asks a known host for the key it shows now, or will show where it is to be reached from now on.</summary>
    /// <param name="host">The host.</param>
    /// <param name="endpoint">How it is to be reached; null: as stored.</param>
    /// <param name="secret">What signs in; null: what is stored.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="RemoteException">It does not answer.</exception>
    public async Task<HostKeyOffer> ScanHostKeyAsync(Host host, SshEndpoint? endpoint, string? secret, CancellationToken cancellationToken) =>
        await connector.ScanHostKeyAsync(
            endpoint ?? host.Ssh, secret ?? await hosts.GetSecretAsync(host.Id, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);

    /// <summary>Adds a host. Its key must have been confirmed.</summary>
    /// <exception cref="RefusedException">The name is taken or empty, or the host key is missing.</exception>
    public async Task<Host> AddAsync(NewHost newHost, string by, CancellationToken cancellationToken)
    {
        var name = newHost.Name.Trim();
        if (name.Length is 0 or > 100)
        {
            throw new RefusedException("Give the host a name of 1 to 100 characters.");
        }

        Check(newHost.Ssh, newHost.Secret is { Length: > 0 });
        if (await FindAsync(name, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new RefusedException($"There is a host named {name} already. Choose another name.");
        }

        var host = new Host
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()), Name = name, Kind = newHost.Kind, Ssh = newHost.Ssh, DataAddress = newHost.DataAddress,
        };
        await hosts.SaveAsync(host, cancellationToken).ConfigureAwait(false);
        await hosts.SetSecretAsync(host.Id, newHost.Secret, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, "host.add", host.Name, $"{host.Kind} {host.Ssh.User}@{host.Ssh.Address}:{host.Ssh.Port}", cancellationToken)
            .ConfigureAwait(false);
        return host;
    }

    /// <summary>
    /// Changes how a host is reached: another address, account, password, key, or a host key that was confirmed anew. What is connected ends;
    /// runs in work go on with the next connection.
    /// </summary>
    /// <exception cref="RefusedException">The host key is missing, or another way to sign in was chosen without its secret.</exception>
    public async Task<Host> ChangeAsync(Host host, ChangedHost change, string by, CancellationToken cancellationToken)
    {
        Check(change.Ssh, change.Secret is { Length: > 0 } || change.Ssh.Authentication == host.Ssh.Authentication);
        var changed = host with { Ssh = change.Ssh, DataAddress = change.DataAddress, UnreachableSince = null, LastError = null };
        if (change.Ssh.Authentication == SshAuthentication.Ambient)
        {
            await hosts.SetSecretAsync(host.Id, null, cancellationToken).ConfigureAwait(false);
        }
        else if (change.Secret is { Length: > 0 } secret)
        {
            await hosts.SetSecretAsync(host.Id, secret, cancellationToken).ConfigureAwait(false);
        }

        await hosts.SaveAsync(changed, cancellationToken).ConfigureAwait(false);
        connector.Forget(host.Id);
        await AuditAsync(by, "host.change", host.Name, string.Join(", ", Differences(host, change)), cancellationToken).ConfigureAwait(false);
        return changed;
    }

    /// <summary>Tests a connection, check by check.</summary>
    public Task<IReadOnlyList<HostCheck>> TestAsync(Host host, CancellationToken cancellationToken) => connector.TestAsync(host, cancellationToken);

    /// <summary>Takes an inventory now. A host that cannot be reached keeps its last known guests and shows why and since when.</summary>
    /// <returns>The snapshot, or null when the host failed (see <see cref="Host.LastError"/>).</returns>
    public async Task<HostSnapshot?> RefreshAsync(Guid id, CancellationToken cancellationToken)
    {
        var host = await hosts.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This host is not known any more.");
        try
        {
            HostSnapshot snapshot;
            try
            {
                snapshot = await TakeInventoryAsync(host, cancellationToken).ConfigureAwait(false);
            }
            catch (RemoteException lost) when (lost.Failure == RemoteFailure.ConnectionLost)
            {
                // An inventory only reads, and only a new connection tells whether the host is gone or just the old connection was.
                snapshot = await TakeInventoryAsync(host, cancellationToken).ConfigureAwait(false);
            }

            var before = await hosts.GetSnapshotAsync(id, cancellationToken).ConfigureAwait(false);
            await hosts.SaveSnapshotAsync(id, snapshot, SnapshotDifference.Between(before, snapshot), cancellationToken).ConfigureAwait(false);
            await hosts.SetSeenAsync(id, snapshot.TakenAt, cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch (RemoteException failure)
        {
            await hosts.SetUnreachableAsync(id, time.GetUtcNow(), failure.Message, cancellationToken).ConfigureAwait(false);
            return null;
        }
    }

    private Task<HostSnapshot> TakeInventoryAsync(Host host, CancellationToken cancellationToken)
    {
        var shell = connector.Shell(host);
        return host.Kind == HostKind.Xen
            ? connector.Xen(shell).TakeInventoryAsync(cancellationToken)
            : connector.Kvm(shell).TakeInventoryAsync(cancellationToken);
    }

    /// <summary>Forgets a host. Nothing is changed on it.</summary>
    /// <exception cref="RefusedException">A run that has not come to its end needs it.</exception>
    public async Task RemoveAsync(Host host, string by, CancellationToken cancellationToken)
    {
        var latest = await runs.ListAsync(1000, cancellationToken).ConfigureAwait(false);
        var needing = latest.FirstOrDefault(run => run.State is not (RunState.Succeeded or RunState.RolledBack)
            && (run.SourceHost == host.Name || run.TargetHost == host.Name));
        if (needing is not null)
        {
            throw new RefusedException($"The run of {needing.GuestName} ({needing.State}) needs {host.Name}. Let it end or roll it back first.");
        }

        await hosts.RemoveAsync(host.Id, cancellationToken).ConfigureAwait(false);
        await AuditAsync(by, "host.remove", host.Name, "", cancellationToken).ConfigureAwait(false);
    }

    private static void Check(SshEndpoint ssh, bool hasSecret)
    {
        if (string.IsNullOrWhiteSpace(ssh.HostKey))
        {
            throw new RefusedException($"Confirm the host key of {ssh.Address} first: compare its fingerprint with the one on the host's own console.");
        }

        if (ssh.JumpHost is { } jump && string.IsNullOrWhiteSpace(ssh.JumpHostKey))
        {
            throw new RefusedException($"Confirm the host key of the jump host {jump} too: compare its fingerprint with the one on its own console.");
        }

        if (ssh.Authentication != SshAuthentication.Ambient && !hasSecret)
        {
            throw new RefusedException("Give a private key or a password, or choose the program's own SSH identity.");
        }
    }

    private static IEnumerable<string> Differences(Host host, ChangedHost change)
    {
        var (before, after) = (host.Ssh, change.Ssh);
        var places = ($"{before.User}@{before.Address}:{before.Port}", $"{after.User}@{after.Address}:{after.Port}");
        var words = new (string Word, object? Before, object? After)[]
        {
            ("address", places.Item1, places.Item2), ("sign-in", before.Authentication, after.Authentication), ("sudo", before.UseSudo, after.UseSudo),
            ("jump host", before.JumpHost, after.JumpHost), ("old algorithms", before.AllowLegacyAlgorithms, after.AllowLegacyAlgorithms),
            ("data address", host.DataAddress, change.DataAddress), ("host key", before.HostKey, after.HostKey),
            ("jump host's key", before.JumpHostKey, after.JumpHostKey),
        };
        return words.Where(word => !Equals(word.Before, word.After)).Select(word => $"{word.Word} {word.Before ?? "none"} → {word.After ?? "none"}")
            .Concat(change.Secret is { Length: > 0 } ? ["new secret"] : Array.Empty<string>());
    }

    private Task AuditAsync(string by, string action, string subject, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, subject, detail), cancellationToken);
}
