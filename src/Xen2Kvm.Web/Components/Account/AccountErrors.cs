namespace Xen2Kvm.Web.Components.Account;

/// <summary>What the account pages say for each error code of the endpoints. No code tells whether a name exists.</summary>
public static class AccountErrors
{
    /// <summary>The words for a code; null for none.</summary>
    public static string? Words(string? code) => code switch
    {
        null or "" => null,
        "wrong" => "Name or password is not right. Check both, and whether Caps Lock is on.",
        "locked" => "Too many wrong passwords or codes for this name. Wait some minutes, or ask an admin to unlock it.",
        "too-many" => "Too many attempts from this address. Wait a minute, then try again.",
        "link" => "This set-up link is not valid any more. Take the newest one: it is in the dashboard's log and in the file setup-link of its state directory.",
        "disabled" => "This account is disabled. Ask a person with the role Admin.",
        "wrong-code" => "This code is not right, or was used already. Wait for the next one in the app.",
        "late" => "It took too long, or the account was changed meanwhile. Sign in again.",
        "invitation" => "This link is not valid any more: it works once, for 72 hours, and a newer one takes its place. Ask a person with the role Admin for another.",
        "password" => "This password is too weak. Take at least 12 characters, not all the same.",
        "mismatch" => "The two passwords differ. Type the same one twice.",
        "name" => "This name cannot be used. Take letters, digits, dot, dash or underscore.",
        "done" => "The first admin was made already. Sign in with that account.",
        _ => "That did not work. Try again.",
    };
}
