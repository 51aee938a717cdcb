namespace Xen2Kvm.Domain.Preflight;

/// <summary>How much a concern matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing to do.</summary>
    Info,

    /// <summary>A person must accept it by name before the run starts.</summary>
    Warning,

    /// <summary>The run cannot start.</summary>
    Blocker,
}

/// <summary>A preflight finding.</summary>
/// <param name="Id">Rule id: X01 …</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Subject">What it concerns: a disk, a NIC, a host, the guest.</param>
/// <param name="Title">The finding in one sentence.</param>
/// <param name="Evidence">What was seen and where: file and line, command and value.</param>
/// <param name="Fix">What to do about it.</param>
public sealed record Concern(string Id, Severity Severity, string Subject, string Title, string Evidence, string Fix)
{
    /// <summary>Identifies the finding in an acknowledgement: the rule and its subject.</summary>
    public string Key => $"{Id}:{Subject}";
}
