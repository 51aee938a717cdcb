using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.Pages.Waves;

/// <summary>A draft as a person edits it: what is typed stays as typed until it is saved.</summary>
public sealed class WaveForm
{
    private WaveForm(Wave wave)
    {
        (Version, Name, Policy, Calendar) = (wave.Version, wave.Name, wave.Policy, wave.Calendar);
        Windows = [.. wave.Calendar.Windows];
        LockOutDays = [.. wave.Calendar.LockOutDays.Order()];
        Entries = [.. wave.Entries.Select(entry => new Entry(entry.PlanId, entry.GuestName, $"{entry.SourceHost} → {entry.TargetHost}")
        {
            Group = entry.Group, IsCanary = entry.IsCanary, IsHeld = entry.IsHeld, After = [.. entry.DependsOn],
        })];
    }

    /// <summary>The version that is edited.</summary>
    public long Version { get; }

    /// <summary>Name.</summary>
    public string Name { get; set; }

    /// <summary>Rules.</summary>
    public WavePolicy Policy { get; set; }

    /// <summary>Windows.</summary>
    public List<MaintenanceWindow> Windows { get; }

    /// <summary>Lock-out days.</summary>
    public List<DateOnly> LockOutDays { get; }

    /// <summary>Plans in order.</summary>
    public List<Entry> Entries { get; }

    private WaveCalendar Calendar { get; }

    /// <summary>A draft for editing.</summary>
    public static WaveForm Of(Wave wave) => new(wave);

    /// <summary>One plan up or down.</summary>
    public void Move(Entry entry, int by)
    {
        var at = Entries.IndexOf(entry);
        Entries.RemoveAt(at);
        Entries.Insert(Math.Clamp(at + by, 0, Entries.Count), entry);
    }

    /// <summary>Takes a plan out, and what waits for it waits no more.</summary>
    public void Remove(Entry entry)
    {
        Entries.Remove(entry);
        Entries.ForEach(other => other.After.Remove(entry.Plan));
    }

    /// <summary>As the engine takes it.</summary>
    public WaveDraft ToDraft() => new(
        Name, [.. Entries.Select(entry => new WaveDraftPlan(entry.Plan, [.. entry.After], entry.Group, entry.IsCanary, entry.IsHeld))], Policy,
        Calendar with { Windows = [.. Windows], LockOutDays = [.. LockOutDays] });

    /// <summary>A plan in the form.</summary>
    public sealed class Entry(Guid plan, string guest, string way)
    {
        /// <summary>The plan.</summary>
        public Guid Plan { get; } = plan;

        /// <summary>Guest name.</summary>
        public string Guest { get; } = guest;

        /// <summary>From where to where.</summary>
        public string Way { get; } = way;

        /// <summary>Group.</summary>
        public string? Group { get; set; }

        /// <summary>Goes first.</summary>
        public bool IsCanary { get; set; }

        /// <summary>Held back.</summary>
        public bool IsHeld { get; set; }

        /// <summary>What it waits for.</summary>
        public HashSet<Guid> After { get; init; } = [];
    }
}
