namespace Xen2Kvm.Domain.Preflight.Rules;

/// <summary>A rule with its id and the shape of its findings.</summary>
/// <param name="id">Rule id.</param>
/// <param name="summary">What is checked, one line.</param>
public abstract class RuleBase(string id, string summary) : IRule
{
    /// <summary>Stable id.</summary>
    public string Id { get; } = id;

    /// <summary>What is checked, one line.</summary>
    public string Summary { get; } = summary;

    /// <summary>A finding that stops the run.</summary>
    protected Concern Blocker(string subject, string title, string evidence, string fix) => new(Id, Severity.Blocker, subject, title, evidence, fix);

    /// <summary>A finding that a person must accept.</summary>
    protected Concern Warning(string subject, string title, string evidence, string fix) => new(Id, Severity.Warning, subject, title, evidence, fix);

    /// <summary>A finding worth knowing.</summary>
    protected Concern Info(string subject, string title, string evidence, string fix) => new(Id, Severity.Info, subject, title, evidence, fix);
}
