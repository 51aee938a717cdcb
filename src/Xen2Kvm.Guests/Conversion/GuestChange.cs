using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Conversion;

/// <summary>One change to the guest's files, decided but not yet made.</summary>
/// <param name="Path">Path in the guest, links followed.</param>
/// <param name="Reason">Why, in one sentence without a full stop.</param>
internal abstract record GuestChange(string Path, string Reason)
{
    /// <summary>The change as people see it.</summary>
    public abstract FileChange Describe();
}

/// <summary>A text file gets a new content, or is made.</summary>
/// <param name="Path">Path.</param>
/// <param name="Reason">Why.</param>
/// <param name="Before">Old text; null when the file is new.</param>
/// <param name="After">New text.</param>
/// <param name="Bytes">The new text in the file's own encoding.</param>
internal sealed record WriteFile(string Path, string Reason, string? Before, string After, byte[] Bytes) : GuestChange(Path, Reason)
{
    public override FileChange Describe() => new(Path, Reason, UnifiedDiff.Create(Path, Before, After));
}

/// <summary>A symbolic link is made.</summary>
/// <param name="Path">Path.</param>
/// <param name="Target">What it points to.</param>
/// <param name="Reason">Why.</param>
internal sealed record MakeLink(string Path, string Target, string Reason) : GuestChange(Path, Reason)
{
    public override FileChange Describe() => new(Path, Reason, $"--- /dev/null\n+++ b{Path}\n@@ -0,0 +1,1 @@\n+-> {Target}\n");
}

/// <summary>A link or file is removed.</summary>
/// <param name="Path">Path.</param>
/// <param name="Reason">Why.</param>
internal sealed record RemoveFile(string Path, string Reason) : GuestChange(Path, Reason)
{
    public override FileChange Describe() => new(Path, Reason, $"--- a{Path}\n+++ /dev/null\n");
}

/// <summary>A file of the KVM host is copied into the guest.</summary>
/// <param name="HostPath">File on the KVM host.</param>
/// <param name="Path">Path in the guest.</param>
/// <param name="Reason">Why.</param>
internal sealed record StageFile(string HostPath, string Path, string Reason) : GuestChange(Path, Reason)
{
    public override FileChange Describe() => new(Path, Reason, "");
}
