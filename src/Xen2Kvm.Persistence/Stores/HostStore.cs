using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Hosts, their encrypted secrets, and their inventories.</summary>
internal sealed class HostStore(IDbContextFactory<Xen2KvmDbContext> contexts, IDataProtectionProvider protection, TimeProvider time) : IHostStore
{
    private const int _mostDifferences = 500;

    private readonly IDataProtector _protector = protection.CreateProtector("host-secret");

    public async Task<IReadOnlyList<Host>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Hosts.AsNoTracking().OrderBy(row => row.Name).ToListAsync(cancellationToken);
        return rows.ConvertAll(ToHost);
    }

    public async Task<Host?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.Hosts.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is { } row ? ToHost(row) : null;
    }

    public async Task SaveAsync(Host host, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var name = StoreText.Clean(host.Name);
        try
        {
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO hosts (id, name, kind, ssh, data_address, last_seen_at, unreachable_since, last_error)
                VALUES ({host.Id}, {name}, {host.Kind.ToString()}, {StoreJson.Write(host.Ssh)}::jsonb, {StoreText.CleanOrNull(host.DataAddress)},
                    {host.LastSeenAt?.ToUniversalTime()}, {host.UnreachableSince?.ToUniversalTime()}, {StoreText.CleanOrNull(host.LastError)})
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, ssh = excluded.ssh,
                    data_address = excluded.data_address, last_seen_at = excluded.last_seen_at,
                    unreachable_since = excluded.unreachable_since, last_error = excluded.last_error
                """,
                cancellationToken);
            await TellAsync(context, host.Id, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new InvalidOperationException($"Another host is already called “{name}”; choose another name.", exception);
        }
    }

    public async Task SetSeenAsync(Guid id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"UPDATE hosts SET last_seen_at = {at.ToUniversalTime()}, unreachable_since = NULL, last_error = NULL WHERE id = {id}", cancellationToken);
        await TellAsync(context, id, cancellationToken);
    }

    public async Task SetUnreachableAsync(Guid id, DateTimeOffset at, string error, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync(
            $"UPDATE hosts SET unreachable_since = COALESCE(unreachable_since, {at.ToUniversalTime()}), last_error = {StoreText.Clean(error)} WHERE id = {id}",
            cancellationToken);
        await TellAsync(context, id, cancellationToken);
    }

    public async Task RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await context.Hosts.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken);
        await TellAsync(context, id, cancellationToken);
    }

    public async Task<string?> GetSecretAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.HostSecrets.AsNoTracking().SingleOrDefaultAsync(row => row.HostId == id, cancellationToken);
        if (row is null)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(ProtectorOf(id).Unprotect(row.Protected));
        }
        catch (CryptographicException exception)
        {
            throw new InvalidOperationException(
                $"The stored secret of host {id} cannot be decrypted: the key it was encrypted with is gone. Enter the secret again.",
                exception);
        }
    }

    public async Task SetSecretAsync(Guid id, string? secret, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (secret is null)
        {
            await context.HostSecrets.Where(row => row.HostId == id).ExecuteDeleteAsync(cancellationToken);
            return;
        }

        var bytes = ProtectorOf(id).Protect(Encoding.UTF8.GetBytes(secret));
        await ForHostAsync(id, () => context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO host_secrets (host_id, protected, updated_at) VALUES ({id}, {bytes}, {time.GetUtcNow()})
            ON CONFLICT (host_id) DO UPDATE SET protected = excluded.protected, updated_at = excluded.updated_at
            """,
            cancellationToken));
    }

    public async Task<HostSnapshot?> GetSnapshotAsync(Guid hostId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var document = await context.HostSnapshots.Where(row => row.HostId == hostId).Select(row => row.Document)
            .SingleOrDefaultAsync(cancellationToken);
        return document is null ? null : StoreJson.Read<HostSnapshot>(document);
    }

    public async Task<IReadOnlyDictionary<Guid, long>> ListSnapshotVersionsAsync(CancellationToken cancellationToken)
    {
        // The number of the transaction that wrote the row.
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Database.SqlQuery<SnapshotVersion>($"SELECT host_id AS host, xmin::text::bigint AS version FROM host_snapshots").ToListAsync(cancellationToken);
        return rows.ToDictionary(row => row.Host, row => row.Version);
    }

    public async Task SaveSnapshotAsync(
        Guid hostId, HostSnapshot snapshot, IReadOnlyList<SnapshotDifference> differences, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await ForHostAsync(hostId, () => context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO host_snapshots (host_id, taken_at, document)
            VALUES ({hostId}, {snapshot.TakenAt.ToUniversalTime()}, {StoreJson.Write(snapshot)}::jsonb)
            ON CONFLICT (host_id) DO UPDATE SET taken_at = excluded.taken_at, document = excluded.document
            """,
            cancellationToken));
        context.HostDifferences.AddRange(differences.Select(difference => new HostDifferenceRow
        {
            HostId = hostId,
            At = snapshot.TakenAt,
            Guest = StoreText.CleanOrNull(difference.Guest),
            Text = StoreText.Clean(difference.Text),
        }));
        await context.SaveChangesAsync(cancellationToken);
        await TellAsync(context, hostId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<(DateTimeOffset At, SnapshotDifference Difference)>> ListDifferencesAsync(
        Guid hostId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.HostDifferences.AsNoTracking()
            .Where(row => row.HostId == hostId && row.At >= since)
            .OrderByDescending(row => row.At).ThenByDescending(row => row.Id)
            .Take(_mostDifferences)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => (row.At, new SnapshotDifference(row.Guest, row.Text)));
    }

    private static Task TellAsync(Xen2KvmDbContext context, Guid id, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlAsync($"SELECT pg_notify({ChangeListener.Channel(ChangeKind.Host)}, {id.ToString()})", cancellationToken);

    /// <summary>Bound to the host, so that a secret copied to another host's row does not decrypt there.</summary>
    private IDataProtector ProtectorOf(Guid id) => _protector.CreateProtector(id.ToString("N"));

    private static async Task ForHostAsync(Guid id, Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw new InvalidOperationException($"There is no host {id} (any more); nothing was stored.", exception);
        }
    }

    private sealed record SnapshotVersion(Guid Host, long Version);

    private static Host ToHost(HostRow row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Kind = row.Kind,
        Ssh = StoreJson.Read<SshEndpoint>(row.Ssh),
        DataAddress = row.DataAddress,
        LastSeenAt = row.LastSeenAt,
        UnreachableSince = row.UnreachableSince,
        LastError = row.LastError,
    };
}
