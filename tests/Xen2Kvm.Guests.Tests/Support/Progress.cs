namespace Xen2Kvm.Guests.Tests.Support;

/// <summary>Progress lines, in order and at once.</summary>
internal sealed class Progress(Action<string> report) : IProgress<string>
{
    public void Report(string value) => report(value);
}
