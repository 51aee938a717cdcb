using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Domain.Tests.Waves;

/// <summary>Waves and runs to test with.</summary>
internal static class Waves
{
    public static readonly DateTimeOffset Now = new(2026, 11, 26, 20, 0, 0, TimeSpan.Zero);

    public static Guid Id(string name) => new(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(name)));

    public static WaveEntry Entry(string guest, params string[] after) => new()
    {
        PlanId = Id(guest), GuestName = guest, SourceHostId = Id("xen1"), SourceHost = "xen1", TargetHostId = Id("kvm1"), TargetHost = "kvm1",
        DependsOn = [.. after.Select(Id)],
    };

    public static Wave Of(WaveState state, params WaveEntry[] entries) => new()
    {
        Id = Id("wave"), Name = "Friday", State = state, Entries = entries, CreatedAt = Now.AddDays(-1), CreatedBy = "olga", SubmittedBy = "olga",
        Fingerprint = state == WaveState.Draft ? null : "f1", Policy = new WavePolicy { MaxConcurrent = 10, MaxPerSourceHost = 10, MaxPerTargetHost = 10, StopAfterFailures = 0 },
    };

    public static Run Run(string guest, RunState state, int minutesAgo = 10) => new()
    {
        Id = Id(guest + minutesAgo), PlanId = Id(guest), WaveId = Id("wave"), GuestName = guest, SourceHost = "xen1", TargetHost = "kvm1", State = state, Steps = [],
        StartedBy = "wave Friday", CreatedAt = Now.AddMinutes(-minutesAgo), Error = state == RunState.Failed ? "the disk is full" : null,
    };

    public static WaveView Look(Wave wave, params Run[] runs) => WaveView.Of(wave, runs, runs, Now);

    public static EntryStatus Of(this WaveView view, string guest) => view.Entries.Single(status => status.Entry.GuestName == guest);
}
