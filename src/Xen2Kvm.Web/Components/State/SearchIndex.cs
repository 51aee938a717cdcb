using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.Text;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Components.State;

/// <summary>Something that the search found.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Detail">What it is and where.</param>
/// <param name="Icon">Icon name.</param>
/// <param name="Path">Its page.</param>
public sealed record SearchHit(string Name, string Detail, string Icon, string Path);

/// <summary>Finds things by a part of their name. Keeps what it read for a few seconds, since people type letter by letter.</summary>
public sealed class SearchIndex(HostService hosts, InventoryService inventory, PlanService plans, WaveService waves, RunReader runs, TimeProvider time)
{
    private const int Most = 12;
    private static readonly TimeSpan _keep = TimeSpan.FromSeconds(5);
    private IReadOnlyList<SearchHit> _all = [];
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;

    /// <summary>The best hits: names that begin with the text first, then those that hold it.</summary>
    public async Task<IReadOnlyList<SearchHit>> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - _readAt > _keep)
        {
            _all = await ReadAsync(cancellationToken);
            _readAt = time.GetUtcNow();
        }

        return [.. _all.Where(hit => hit.Name.Contains(text, StringComparison.OrdinalIgnoreCase))
            .OrderBy(hit => hit.Name.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 0 : 1)
            .ThenBy(hit => hit.Name, StringComparer.OrdinalIgnoreCase).Take(Most)];
    }

    private async Task<IReadOnlyList<SearchHit>> ReadAsync(CancellationToken cancellationToken)
    {
        var hits = new List<SearchHit>();
        hits.AddRange((await hosts.ListAsync(cancellationToken)).Select(host =>
            new SearchHit(host.Name, $"{StateWords.Kind(host.Kind)} host", "hosts", Links.Host(host))));
        hits.AddRange((await inventory.ListGuestsAsync(cancellationToken)).Select(seen =>
            new SearchHit(seen.Guest.Name, $"guest on {seen.Host.Name}", "guests", Links.Guest(seen.Host.Name, seen.Guest.Name))));
        hits.AddRange((await runs.ListAsync(now: true, cancellationToken)).Select(run =>
            new SearchHit(run.GuestName, $"run, {StateWords.Of(run.State).Word.ToLowerInvariant()}", "runs", Links.Run(run.Id))));
        hits.AddRange((await waves.ListAsync(cancellationToken)).Select(wave =>
            new SearchHit(wave.Name, $"wave, {StateWords.Of(wave.State).Word.ToLowerInvariant()}", "waves", Links.Wave(wave.Id))));
        hits.AddRange((await plans.ListAsync(cancellationToken)).Take(500).Select(plan =>
            new SearchHit(plan.Source.Name, "plan", "plans", Links.Plan(plan.Id))));
        return hits;
    }
}

/// <summary>Addresses of pages. Names are hostile input and are escaped here.</summary>
public static class Links
{
    /// <summary>A host's page.</summary>
    public static string Host(Host host) => $"/hosts/{host.Id}";

    /// <summary>The page that changes how a host is reached.</summary>
    public static string ChangeHost(Host host) => $"/hosts/{host.Id}/change";

    /// <summary>A guest's page; a slash in its name stays one.</summary>
    public static string Guest(string host, string guest) => $"/guests/{Uri.EscapeDataString(host)}/{Uri.EscapeDataString(guest).Replace("%2F", "/", StringComparison.Ordinal)}";

    /// <summary>The plan wizard for a guest.</summary>
    public static string NewPlan(string host, string guest) => $"/plans/new?host={Uri.EscapeDataString(host)}&guest={Uri.EscapeDataString(guest)}";

    /// <summary>A plan's page.</summary>
    public static string Plan(Guid id) => $"/plans/{id}";

    /// <summary>A wave's page.</summary>
    public static string Wave(Guid id) => $"/waves/{id}";

    /// <summary>A cleanup's page.</summary>
    public static string Cleanup(Guid id) => $"/cleanup/{id}";

    /// <summary>What remains of one guest, in the list.</summary>
    public static string Remains(string host, string guest) => $"/cleanup?host={Uri.EscapeDataString(host)}&q={Uri.EscapeDataString(guest)}";

    /// <summary>A run's page.</summary>
    public static string Run(Guid id) => $"/runs/{id}";
}
