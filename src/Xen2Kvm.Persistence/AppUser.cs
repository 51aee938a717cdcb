using Microsoft.AspNetCore.Identity;

namespace Xen2Kvm.Persistence;

/// <summary>A person who signs in.</summary>
public sealed class AppUser : IdentityUser<Guid>
{
    /// <summary>The name shown to others.</summary>
    public string DisplayName { get; set; } = "";

    /// <summary>When the account was made.</summary>
    public DateTimeOffset CreatedAt { get; set; }
}
