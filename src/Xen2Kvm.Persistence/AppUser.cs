using Microsoft.AspNetCore.Identity;

namespace Xen2Kvm.Persistence;

/// <summary>A person who signs in.</summary>
public sealed class AppUser : IdentityUser<Guid>
{
    /// <summary>The name shown to others.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>When the account was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Since when the account may not be used; null while it may.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>SHA-256 of the one-time link under which the person sets a password; null when there is none.</summary>
    public byte[]? InvitationHash { get; set; }

    /// <summary>Until when that link works.</summary>
    public DateTimeOffset? InvitationExpiresAt { get; set; }

    /// <summary>The key of the second factor, encrypted; it counts once <c>TwoFactorEnabled</c> is set.</summary>
    public string? SecondFactorKey { get; set; }

    /// <summary>The time step of the last code that was accepted: neither it nor an earlier one is accepted again.</summary>
    public long SecondFactorStep { get; set; }

    /// <summary>SHA-256 of the recovery codes that are left, in hexadecimal.</summary>
    public string[] RecoveryCodes { get; set; } = [];
}
