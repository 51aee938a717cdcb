namespace Xen2Kvm.Web.Components.Account;

/// <summary>What the account pages say for each error code of the endpoints. No code tells whether a name exists.</summary>
public static class AccountErrors
{
    /// <summary>The words for a code; null for none.</summary>
    public static string? Words(string? code) => code switch
    {
        null or "" => null,
        "credentials" or "invalid" => "Name or password is not right. Check both, and whether Caps Lock is on.",
        "locked" => "Too many wrong passwords. Wait some minutes, then try again.",
        "too-many" => "Too many attempts from this address. Wait a minute, then try again.",
        "token" => "This set-up link is not valid any more. Take the newest one from the dashboard's log or terminal.",
        "password" => "This password is too weak. Take at least 12 characters.",
        "name" => "This name cannot be used. Take letters, digits, dot, dash or underscore.",
        "exists" => "There is an admin already. Sign in instead.",
        "expired" => "You were away for long and have been signed out. Sign in again.",
        _ => "That did not work. Try again.",
    };
}
