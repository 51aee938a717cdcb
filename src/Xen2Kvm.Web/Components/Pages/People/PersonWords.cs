using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.People;

/// <summary>How accounts and roles are shown.</summary>
internal static class PersonWords
{
    /// <summary>What an account is at this moment: what needs an admin comes first.</summary>
    public static ShownState State(Person person) => person switch
    {
        { DisabledAt: not null } => new("Disabled", "grey", "lock"),
        { LockedUntil: not null } => new("Locked", "red", "lock"),
        { HasPassword: false, InvitedUntil: null } => new("Link ran out", "amber", "warning"),
        { HasPassword: false } => new("Invited", "blue", "clock"),
        _ => new("Active", "green", "check"),
    };

    /// <summary>Where a person has which role besides the one for everything, a line for each role.</summary>
    public static IEnumerable<string> Places(Person person) => person.Grants.GroupBy(grant => grant.Role)
        .Select(role => $"{role.Key} on {string.Join(", ", role.Select(grant => grant.WaveId is null ? grant.Place : $"wave {grant.Place}"))}");

    /// <summary>What a role may do, in a line.</summary>
    public static string Role(string role) => role switch
    {
        Roles.Viewer => "sees everything, changes nothing",
        Roles.Operator => "adds hosts, plans, starts, stops and rolls back",
        Roles.Approver => "also approves what others planned",
        _ => "also manages people and everyone's tokens",
    };
}
