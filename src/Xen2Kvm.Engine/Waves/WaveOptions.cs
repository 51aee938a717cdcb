namespace Xen2Kvm.Engine.Waves;

/// <summary>How waves are approved and driven, section <c>Waves</c>.</summary>
public sealed class WaveOptions
{
    /// <summary>Let the one who submitted a wave approve it. A switch for labs; every page says that it is on.</summary>
    public bool SelfApproval { get; set; }

    /// <summary>How often waves are looked at.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a plan that could not be started (a host did not answer) waits before it is tried again.</summary>
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(30);
}
