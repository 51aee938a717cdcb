namespace Xen2Kvm.Domain.Runs;

/// <summary>A file kept with a run as proof: the console's text, a screenshot, a libvirt definition, a diff.</summary>
/// <param name="Name">File name, unique in the run: <c>console.txt</c>.</param>
/// <param name="MediaType"><c>text/plain</c>, <c>image/png</c>…</param>
/// <param name="Content">The bytes.</param>
/// <param name="At">When it was taken.</param>
public sealed record RunEvidence(string Name, string MediaType, ReadOnlyMemory<byte> Content, DateTimeOffset At);
