using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>API tokens by hash. The plain text has 256 random bits, so one round of SHA-256 without salt is enough.</summary>
internal sealed class ApiTokenStore(IDbContextFactory<Xen2KvmDbContext> contexts, TimeProvider time) : IApiTokenStore
{
    private const string _prefix = "x2k_";

    /// <summary>A token used many times a second costs one write a minute.</summary>
    private static readonly TimeSpan _useIsNotedEvery = TimeSpan.FromMinutes(1);

    public async Task<(ApiToken Token, string Plain)> CreateAsync(
        string name, string owner, string role, string scope, IReadOnlyList<Guid>? groups, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var plain = _prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var row = new ApiTokenRow
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            Hash = Hash(plain),
            Name = StoreText.Clean(name),
            Owner = StoreText.Clean(owner),
            Role = StoreText.Clean(role),
            Scope = StoreText.Clean(scope),
            CreatedAt = time.GetUtcNow(),
            ExpiresAt = expiresAt,
            Groups = groups?.ToArray(),
        };
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.ApiTokens.Add(row);
        await context.SaveChangesAsync(cancellationToken);
        return (ToToken(row), plain);
    }

    public async Task<ApiToken?> FindAsync(string plain, CancellationToken cancellationToken)
    {
        if (!plain.StartsWith(_prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var hash = Hash(plain);
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await context.ApiTokens.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Hash == hash && (row.ExpiresAt == null || row.ExpiresAt > now), cancellationToken);
        if (row is null)
        {
            return null;
        }

        if (row.LastUsedAt is not { } last || now - last >= _useIsNotedEvery)
        {
            row.LastUsedAt = now;
            await context.ApiTokens.Where(other => other.Id == row.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(other => other.LastUsedAt, now), cancellationToken);
        }

        return ToToken(row);
    }

    public async Task<IReadOnlyList<ApiToken>> ListAsync(string? owner, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.ApiTokens.AsNoTracking().Where(row => owner == null || row.Owner == owner)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(ToToken);
    }

    public async Task<bool> RevokeAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.ApiTokens.Where(row => row.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    private static byte[] Hash(string plain) => SHA256.HashData(Encoding.UTF8.GetBytes(plain));

    private static ApiToken ToToken(ApiTokenRow row) =>
        new(row.Id, row.Name, row.Owner, row.Role, row.Scope, row.CreatedAt, row.LastUsedAt, row.ExpiresAt) { Groups = row.Groups };
}
