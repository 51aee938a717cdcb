namespace Xen2Kvm.Engine.Runs;

/// <summary>How runs are carried out.</summary>
public sealed class RunOptions
{
    /// <summary>Runs that one process carries out at the same time.</summary>
    public int MaxConcurrentRuns { get; set; } = 20;

    /// <summary>How long a claim holds without being renewed; another worker takes over after that.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often work in progress is looked at.</summary>
    public TimeSpan ObserveEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the claim is renewed and a person's wish is read.</summary>
    public TimeSpan RenewEvery { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a host may stay unreachable during a step before the run fails.</summary>
    public TimeSpan UnreachableFor { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The agent's binary to be copied to hosts.</summary>
    public string AgentPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "agent", "x2k-agent");
}
