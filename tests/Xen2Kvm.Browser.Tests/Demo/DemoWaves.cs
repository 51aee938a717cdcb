using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Demo;

/// <summary>A wave in the middle of its night, one that waits for approval, and one whose approval is void.</summary>
internal sealed class DemoWaves(IServiceProvider services, Host xen, Host kvm)
{
    private readonly IWaveStore _waves = services.GetRequiredService<IWaveStore>();

    /// <summary>The wave that runs; its runs are made before it.</summary>
    public Guid Running { get; } = Guid.CreateVersion7();

    public Guid Submitted { get; } = Guid.CreateVersion7();

    public Guid Void { get; } = Guid.CreateVersion7();

    public async Task FillAsync(IReadOnlyList<Plan> running, IReadOnlyList<Plan> submitted, IReadOnlyList<Plan> drifted, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        var night = new MaintenanceWindow { Zone = "Europe/Berlin", Days = [DayOfWeek.Friday, DayOfWeek.Saturday], Start = new TimeOnly(22, 0), Minutes = 300, Capacity = 20 };
        var calendar = new WaveCalendar { Windows = [night], LockOutDays = [new DateOnly(2030, 12, 24)] };
        var going = Approved(Of(Running, "October, file servers", running) with
        {
            Policy = new WavePolicy { MaxConcurrent = 3, MaxPerSourceHost = 3, MaxPerTargetHost = 3, StopAfterFailures = 4 },
        }, running, now.AddHours(-30)) with
        { State = WaveState.Running, StartedAt = now.AddHours(-27), StartedBy = "anna" };
        await SaveAsync(going, running, cancellationToken);

        var waiting = Of(Submitted, "Web shop", submitted) with { Calendar = calendar };
        waiting = waiting with { Entries = [waiting.Entries[0] with { IsCanary = true, Group = "front" }, .. waiting.Entries.Skip(1).Select(entry => entry with { DependsOn = [submitted[0].Id] })] };
        waiting = waiting with { State = WaveState.Submitted, SubmittedBy = "olga", SubmittedAt = now.AddMinutes(-50), Fingerprint = Dossier(waiting, submitted).Fingerprint() };
        await SaveAsync(waiting, submitted, cancellationToken);

        var old = Of(Void, "Old machines", drifted) with
        {
            Note = $"{drifted[0].Source.Name} is not as it was approved. The approval is void, and nothing more starts; runs in flight go on. Look at the difference, and submit the wave anew.",
            Drift =
            [
                new(drifted[0].Source.Name, "memory on Xen", "2048 MiB", "4096 MiB"),
                new(drifted[0].Source.Name, "disk xvdb on Xen", null, "/dev/vg0/data2, 21474836480 bytes, raw, LogicalVolume, writable"),
            ],
        };
        await SaveAsync(old, drifted, cancellationToken);
    }

    private Wave Of(Guid id, string name, IReadOnlyList<Plan> plans) => new()
    {
        Id = id, Name = name, CreatedAt = DateTimeOffset.UtcNow.AddDays(-2), CreatedBy = "olga",
        Entries = [.. plans.Select(plan => new WaveEntry
        {
            PlanId = plan.Id, GuestName = plan.Source.Name, SourceHostId = xen.Id, SourceHost = xen.Name, TargetHostId = kvm.Id, TargetHost = kvm.Name,
        })],
    };

    private static Wave Approved(Wave wave, IReadOnlyList<Plan> plans, DateTimeOffset at)
    {
        var print = Dossier(wave, plans).Fingerprint();
        return wave with { SubmittedBy = "olga", SubmittedAt = at.AddHours(-1), Fingerprint = print, Decisions = [new("anna", at, true, "as discussed on Monday", print)] };
    }

    private async Task SaveAsync(Wave wave, IReadOnlyList<Plan> plans, CancellationToken cancellationToken)
    {
        if (await _waves.SaveAsync(wave, Dossier(wave, plans), cancellationToken) is not WaveSave.Saved and var refused)
        {
            throw new InvalidOperationException($"The demo's wave {wave.Name} was not stored: {refused}.");
        }
    }

    private static WaveDossier Dossier(Wave wave, IReadOnlyList<Plan> plans) => WaveDossier.Of(wave, [.. plans.Select((plan, index) => DossierEntry.Of(
        plan, plan.Source, index == 0 ? [new Concern("X03", Severity.Info, "vif0", "The MAC address is kept.", "xen1: vif0", "Nothing.")] : []))]);
}
