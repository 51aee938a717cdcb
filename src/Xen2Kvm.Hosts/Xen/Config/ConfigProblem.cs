namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>What kind of trouble a <see cref="ConfigProblem"/> reports.</summary>
public enum ConfigProblemKind
{
    /// <summary>Worth telling, but the value that was read is the one Xen uses (a key set twice, a deprecated word).</summary>
    Note,

    /// <summary>The text is in no grammar: an open bracket or quote, a stray character.</summary>
    Syntax,

    /// <summary>Python code of an xm config (import, call, operator, name). It is never evaluated, so its result is unknown.</summary>
    ComputedExpression,

    /// <summary>The syntax is right, but the value is not one that Xen knows.</summary>
    Value,

    /// <summary>The input is larger or deeper than a real config ever is; what lies beyond was not read.</summary>
    Limit,
}

/// <summary>Something in a config that could not be read, or that needs a person's eye. Errors are values: everything else is still read.</summary>
/// <param name="Kind">What kind of trouble it is.</param>
/// <param name="Line">The line it starts on, from 1; 0 when the source has no lines (a running domain's record).</param>
/// <param name="Column">The column it starts on, from 1; 0 when unknown.</param>
/// <param name="Text">The offending text, shortened, passwords masked.</param>
/// <param name="Message">What is wrong, and what to do about it.</param>
/// <param name="Key">The setting it belongs to, when known: the value of that setting is then not to be trusted.</param>
public sealed record ConfigProblem(ConfigProblemKind Kind, int Line, int Column, string Text, string Message, string? Key = null)
{
    /// <summary>True when the value of something is unknown because of this, so a plan must not rest on it (preflight X02).</summary>
    public bool HidesValue => Kind is not (ConfigProblemKind.Note or ConfigProblemKind.Value);

    /// <summary>One line for a log or a terminal.</summary>
    /// <returns>For example <c>line 4, column 8: refers to the name vmid: name = "vm" + vmid</c>.</returns>
    public override string ToString()
    {
        var where = Line > 0 ? $"line {Line}, column {Column}: " : "";
        var text = Text.Length > 0 ? $": {Text}" : "";
        return $"{where}{Message}{text}";
    }
}
