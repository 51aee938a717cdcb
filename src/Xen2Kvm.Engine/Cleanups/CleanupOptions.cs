namespace Xen2Kvm.Engine.Cleanups;

/// <summary>When what moved guests left behind may be deleted, section <c>Cleanup</c>. Who may approve it is the rule of waves.</summary>
public sealed class CleanupOptions
{
    /// <summary>How long a guest must have been proven before anything of it is deleted; a cleanup may wait longer, never shorter.</summary>
    public TimeSpan HoldPeriod { get; set; } = TimeSpan.FromDays(14);

    /// <summary>How often it is looked whether a cleanup is to be carried out.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);
}
