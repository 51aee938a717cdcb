namespace Xen2Kvm.Cli;

/// <summary>Where a command reads and writes.</summary>
/// <param name="In">Answers to questions.</param>
/// <param name="Out">Results.</param>
/// <param name="Error">Failures and questions.</param>
/// <param name="Interactive">A person can answer.</param>
/// <param name="Live">The output is a screen, on which a line can be rewritten.</param>
public sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error, bool Interactive, bool Live);
