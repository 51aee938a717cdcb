namespace Xen2Kvm.Domain.Preflight;

/// <summary>One rule of the preflight catalogue: a pure function over collected facts.</summary>
public interface IPreflightRule
{
    /// <summary>Stable id, X01 …</summary>
    string Id { get; }

    /// <summary>What is checked, one line, for the help page.</summary>
    string Summary { get; }

    /// <summary>Looks at the facts; empty when there is nothing to say.</summary>
    IEnumerable<Concern> Evaluate(PreflightFacts facts);
}

/// <summary>What the rules of the disk look at: the inside of the guest, read from the target before anything is converted.</summary>
/// <param name="Source">The guest on Xen.</param>
/// <param name="Inspection">What was found inside.</param>
/// <param name="HostKernel">The kernel of dom0 that goes along, or null.</param>
public sealed record DiskFacts(Inventory.Guest Source, GuestInspection Inspection, KernelCapabilities? HostKernel);

/// <summary>One rule over facts that only the guest's disk knows.</summary>
public interface IDiskRule
{
    /// <summary>Stable id, X08 …</summary>
    string Id { get; }

    /// <summary>What is checked, one line, for the help page.</summary>
    string Summary { get; }

    /// <summary>Looks at the facts; empty when there is nothing to say.</summary>
    IEnumerable<Concern> Evaluate(DiskFacts facts);
}
