namespace Xen2Kvm.Guests.Appliance;

/// <summary>One guestfish command with its arguments, each taken as it is.</summary>
/// <param name="Words">Command and arguments.</param>
/// <param name="Required">A failure ends the batch with an exception; otherwise it is a result.</param>
internal sealed record GuestfishCommand(IReadOnlyList<string> Words, bool Required)
{
    /// <summary>A command that must succeed.</summary>
    public static GuestfishCommand Must(params IReadOnlyList<string> words) => new(words, true);

    /// <summary>A command that may fail: the guest may not have the file.</summary>
    public static GuestfishCommand Try(params IReadOnlyList<string> words) => new(words, false);

    /// <summary>For messages. Content never is an argument, so nothing secret can be here.</summary>
    public override string ToString() => string.Join(' ', Words);
}

/// <summary>What a guestfish command gave back.</summary>
/// <param name="Ok">It succeeded.</param>
/// <param name="Bytes">Its output.</param>
/// <param name="Error">Its error messages.</param>
internal sealed record GuestfishReply(bool Ok, ReadOnlyMemory<byte> Bytes, string Error)
{
    /// <summary>Output as text, without the last line end; empty when it failed.</summary>
    public string Text => Ok ? System.Text.Encoding.UTF8.GetString(Bytes.Span).TrimEnd('\n') : "";

    /// <summary>Output lines; none when it failed.</summary>
    public IReadOnlyList<string> Lines => Text.Length == 0 ? [] : Text.Split('\n');

    /// <summary>It said true.</summary>
    public bool IsTrue => Text == "true";
}

/// <summary>The appliance is gone (killed, crashed, host rebooted): the conversion can be run again from its start.</summary>
internal sealed class ApplianceLostException(string message) : Exception(message);
