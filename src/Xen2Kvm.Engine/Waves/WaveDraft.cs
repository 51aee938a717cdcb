using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Engine.Waves;

/// <summary>What a person wants of a wave.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plans">Its plans, in order.</param>
/// <param name="Policy">Its rules; null for the usual ones.</param>
/// <param name="Calendar">When it may run; null for any time.</param>
public sealed record WaveDraft(string Name, IReadOnlyList<WaveDraftPlan> Plans, WavePolicy? Policy = null, WaveCalendar? Calendar = null);

/// <summary>A plan's place in a draft.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="DependsOn">Plans of the same wave that must be proven before.</param>
/// <param name="Group">A name for plans that belong together.</param>
/// <param name="IsCanary">Goes first.</param>
/// <param name="IsHeld">Held back.</param>
public sealed record WaveDraftPlan(Guid Plan, IReadOnlyList<Guid>? DependsOn = null, string? Group = null, bool IsCanary = false, bool IsHeld = false);
