using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Preflight;

namespace Xen2Kvm.Engine.Waves;

/// <summary>A row of a sheet as it would be planned.</summary>
/// <param name="Number">Number of the row, from 1.</param>
/// <param name="Row">The row.</param>
/// <param name="Plan">The plan; null when it cannot be planned so.</param>
/// <param name="Problem">Why not; null when it can.</param>
/// <param name="Concerns">What the rules say of the guest as it was last seen, blockers first.</param>
public sealed record ProposedRow(int Number, SheetRow Row, Plan? Plan, string? Problem, IReadOnlyList<Concern> Concerns);

/// <summary>A sheet as it would be planned. Nothing of it is stored.</summary>
/// <param name="Rows">Its rows.</param>
/// <param name="Problems">What is wrong with the wave as a whole.</param>
/// <param name="Capacity">What it takes on the target hosts.</param>
public sealed record ProposedWave(IReadOnlyList<ProposedRow> Rows, IReadOnlyList<string> Problems, IReadOnlyList<CapacityUse> Capacity)
{
    /// <summary>Everything that keeps the sheet from becoming a wave.</summary>
    public IReadOnlyList<string> AllProblems => [.. Rows.Where(row => row.Problem is not null).Select(row => $"Row {row.Number}: {row.Problem}"), .. Problems];
}

/// <summary>Plans many guests together and makes a wave of them.</summary>
public sealed class WavePlanner(
    IHostStore hosts, IPlanStore plans, IWaveStore waves, InventoryService inventory, GuestConcerns findings, PlanService planning, WaveService service,
    PreflightService preflight, TimeProvider time)
{
    /// <summary>Proposes a plan for each row from the last inventories; nothing is stored, no host is asked.</summary>
    public async Task<ProposedWave> ProposeAsync(WaveSheet sheet, string by, CancellationToken cancellationToken)
    {
        if (sheet.Rows.Count > WaveRules.MostPlans)
        {
            return new ProposedWave([], [$"The sheet has {sheet.Rows.Count} rows; a wave takes at most {WaveRules.MostPlans}. Make several."], []);
        }

        var known = new Dictionary<string, (Host Host, HostSnapshot? Snapshot)>(StringComparer.Ordinal);
        foreach (var host in await hosts.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            known[host.Name] = (host, await hosts.GetSnapshotAsync(host.Id, cancellationToken).ConfigureAwait(false));
        }

        var guests = await inventory.ListGuestsAsync(cancellationToken).ConfigureAwait(false);
        var seen = guests.ToDictionary(guest => (guest.Host.Name, guest.Guest.Name));
        var concerns = findings.Of(guests);
        var rows = sheet.Rows.Select((row, index) => Propose(index + 1, row, known, seen, concerns, by)).ToList();
        var problems = await ProblemsAsync(sheet, rows, cancellationToken).ConfigureAwait(false);
        return new ProposedWave(rows, problems, WaveCapacity.Of(
            [.. rows.Select(row => row.Plan).OfType<Plan>()], known.Values.ToDictionary(host => host.Host.Id, host => (host.Host.Name, host.Snapshot?.Facts))));
    }

    /// <summary>Collects fresh facts from all hosts of a proposed sheet and runs every rule, all plans together; nothing is stored or changed.</summary>
    public async Task<ProposedWave> CheckAsync(ProposedWave proposed, CancellationToken cancellationToken)
    {
        var reports = await preflight.CheckAsync([.. proposed.Rows.Select(row => row.Plan).OfType<Plan>()], cancellationToken).ConfigureAwait(false);
        var found = reports.ToDictionary(report => report.Plan.Id, report => report.Concerns);
        return proposed with { Rows = [.. proposed.Rows.Select(row => row.Plan is null ? row : row with { Concerns = found[row.Plan.Id] })] };
    }

    /// <summary>Stores a sheet's plans, and a draft of them.</summary>
    /// <exception cref="WaveException">A row or the whole makes no sense; nothing was stored.</exception>
    public async Task<Wave> CreateAsync(WaveSheet sheet, string by, CancellationToken cancellationToken)
    {
        var proposed = await ProposeAsync(sheet, by, cancellationToken).ConfigureAwait(false);
        if (proposed.AllProblems is { Count: > 0 } problems)
        {
            throw new WaveException(string.Join("\n", problems.Take(20)) + (problems.Count > 20 ? $"\nAnd {problems.Count - 20} more." : ""));
        }

        foreach (var row in proposed.Rows)
        {
            await planning.CreateAsync(row.Plan!, cancellationToken).ConfigureAwait(false);
        }

        return await service.CreateAsync(
            new WaveDraft(sheet.Name, [.. Entries(proposed.Rows).Select(entry => new WaveDraftPlan(entry.PlanId, entry.DependsOn, entry.Group, entry.IsCanary))], sheet.Policy, sheet.Calendar),
            by, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A wave as a sheet.</summary>
    public async Task<WaveSheet> ExportAsync(Wave wave, CancellationToken cancellationToken)
    {
        var names = wave.Entries.ToDictionary(entry => entry.PlanId, entry => entry.GuestName);
        var rows = new List<SheetRow>();
        foreach (var entry in wave.Entries)
        {
            rows.Add(SheetRow.Of(entry, await plans.FindAsync(entry.PlanId, cancellationToken).ConfigureAwait(false)
                ?? throw new RefusedException($"The plan of {entry.GuestName} is gone."), names));
        }

        return new WaveSheet(wave.Name, rows, wave.Policy, wave.Calendar);
    }

    private ProposedRow Propose(
        int number, SheetRow row, Dictionary<string, (Host Host, HostSnapshot? Snapshot)> known, Dictionary<(string, string), GuestOnHost> seen,
        GuestFindings findings, string by)
    {
        if (row.SourceHost.Length == 0 || row.Guest.Length == 0 || row.TargetHost.Length == 0)
        {
            return new(number, row, null, "Name the Xen host, the guest and the KVM host.", []);
        }

        if (!known.TryGetValue(row.SourceHost, out var source) || !seen.TryGetValue((row.SourceHost, row.Guest), out var guest))
        {
            return new(number, row, null, source.Host is null ? $"There is no host {row.SourceHost}." : $"{row.SourceHost} has no guest {row.Guest}. Refresh its inventory.", []);
        }

        var concerns = findings.Of(guest);
        if (!known.TryGetValue(row.TargetHost, out var target) || target.Snapshot is not { } snapshot)
        {
            return new(number, row, null, target.Host is null ? $"There is no host {row.TargetHost}." : $"{row.TargetHost} has no inventory yet. Refresh it first.", concerns);
        }

        try
        {
            var now = time.GetUtcNow();
            return new(number, row, PlanProposal.Make(
                Guid.CreateVersion7(now), source.Host, guest.Guest, target.Host, snapshot.Facts, row.ToChoices(guest.Guest), by, now), null, concerns);
        }
        catch (PlanningException refused)
        {
            return new(number, row, null, refused.Message, concerns);
        }
    }

    private async Task<IReadOnlyList<string>> ProblemsAsync(WaveSheet sheet, IReadOnlyList<ProposedRow> rows, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        var names = rows.Select(row => row.Row.Guest).ToHashSet(StringComparer.Ordinal);
        var groups = rows.Select(row => row.Row.Group).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            problems.AddRange((row.Row.After ?? []).Where(after => !names.Contains(after) && !(after.StartsWith('@') && groups.Contains(after[1..])))
                .Select(after => $"Row {row.Number}: {row.Row.Guest} waits for {after}, which is no guest{(after.StartsWith('@') ? " group" : "")} of this sheet."));
        }

        problems.AddRange(rows.GroupBy(row => row.Plan?.Target.Disks.FirstOrDefault()?.Path is { } path ? (row.Plan.TargetHostId, path) : default)
            .Where(group => group.Key != default && group.Count() > 1)
            .Select(group => $"{string.Join(" and ", group.Select(row => row.Row.Guest))} would be put on the same disk {group.Key.path} of {group.First().Row.TargetHost}. Give one of them another name."));
        // Read once for all rows: a sheet is proposed anew with each choice.
        var entries = Entries(rows);
        var taken = (await waves.ListOpenAsync(cancellationToken).ConfigureAwait(false))
            .SelectMany(wave => wave.Entries, (wave, entry) => (Guest: (entry.SourceHostId, entry.GuestName), wave.Name)).ToDictionary(entry => entry.Guest, entry => entry.Name);
        problems.AddRange(entries.Where(entry => taken.ContainsKey((entry.SourceHostId, entry.GuestName)))
            .Select(entry => $"{entry.GuestName} is in the wave {taken[(entry.SourceHostId, entry.GuestName)]} already."));

        var draft = new Wave
        {
            Id = default, Name = sheet.Name.Trim(), Entries = entries, Policy = sheet.Policy ?? new(), Calendar = sheet.Calendar ?? new(), CreatedAt = default, CreatedBy = "",
        };
        return [.. problems, .. WaveRules.DraftProblems(draft, time.GetUtcNow())];
    }

    private static IReadOnlyList<WaveEntry> Entries(IReadOnlyList<ProposedRow> rows)
    {
        var planned = rows.Where(row => row.Plan is not null).ToList();
        return [.. planned.Select(row => new WaveEntry
        {
            PlanId = row.Plan!.Id,
            GuestName = row.Row.Guest,
            SourceHostId = row.Plan.SourceHostId,
            SourceHost = row.Row.SourceHost,
            TargetHostId = row.Plan.TargetHostId,
            TargetHost = row.Row.TargetHost,
            DependsOn = [.. (row.Row.After ?? []).SelectMany(after => planned.Where(other => other != row
                && (other.Row.Guest == after || (after.StartsWith('@') && other.Row.Group == after[1..])))).Select(other => other.Plan!.Id).Distinct()],
            Group = row.Row.Group,
            IsCanary = row.Row.Canary,
        })];
    }
}
