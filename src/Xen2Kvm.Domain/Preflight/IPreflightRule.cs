namespace Xen2Kvm.Domain.Preflight;

/// <summary>One rule of the preflight catalogue: a pure function over collected facts.</summary>
public interface IRule
{
    /// <summary>Stable id, X01 …</summary>
    string Id { get; }

    /// <summary>What is checked, one line, for the help page.</summary>
    string Summary { get; }
}

/// <summary>A rule that looks at the source side alone, so that it speaks before anybody made a plan.</summary>
public interface IGuestRule : IRule
{
    /// <summary>Looks at the facts; empty when there is nothing to say.</summary>
    IEnumerable<Concern> Evaluate(GuestFacts facts);
}

/// <summary>A rule that needs a plan and its target.</summary>
public interface IPreflightRule : IRule
{
    /// <summary>Looks at the facts; empty when there is nothing to say.</summary>
    IEnumerable<Concern> Evaluate(PreflightFacts facts);
}

/// <summary>What the rules of the disk look at: the inside of the guest, read from the target before anything is converted.</summary>
/// <param name="Source">The guest on Xen.</param>
/// <param name="Inspection">What was found inside.</param>
/// <param name="HostKernel">The kernel of dom0 that goes along, or null.</param>
public sealed record DiskFacts(Inventory.Guest Source, GuestInspection Inspection, KernelCapabilities? HostKernel);

/// <summary>A rule over facts that only the guest's disk knows.</summary>
public interface IDiskRule : IRule
{
    /// <summary>Looks at the facts; empty when there is nothing to say.</summary>
    IEnumerable<Concern> Evaluate(DiskFacts facts);
}
