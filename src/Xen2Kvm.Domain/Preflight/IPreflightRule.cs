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
