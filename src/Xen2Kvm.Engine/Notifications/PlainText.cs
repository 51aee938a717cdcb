namespace Xen2Kvm.Engine.Notifications;

/// <summary>Text from hosts, guests and other servers, made fit for one line.</summary>
internal static class PlainText
{
    /// <summary>The text with each run of spaces and control characters as one space.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
