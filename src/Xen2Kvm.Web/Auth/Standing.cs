using System.Security.Claims;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Web.Auth;

/// <summary>Where an act takes place: on which hosts, and in which wave.</summary>
/// <param name="Hosts">Every host that it touches, with its group; none for what belongs to the whole installation.</param>
/// <param name="Wave">The wave that it belongs to, or null.</param>
public sealed record Place(IReadOnlyList<GroupedHost> Hosts, Guid? Wave = null)
{
    /// <summary>The whole installation.</summary>
    public static Place Whole { get; } = new([]);
}

/// <summary>
/// What a person or token may do, and where. This is the one place where roles are weighed: a role counts when it is held for everything, on
/// the wave, or on every single host that is touched.
/// </summary>
/// <param name="Role">The role for everything; null for none.</param>
/// <param name="Grants">Roles in single places.</param>
public sealed record Standing(string? Role, IReadOnlyList<Grant> Grants)
{
    private const string GrantClaim = "x2k:grant";
    private const int NamedAtMost = 5;

    /// <summary>Roles that can be given in a single place. Everyone sees everything, and an admin is one everywhere, so those two cannot.</summary>
    public static IReadOnlyList<string> Grantable { get; } = [Roles.Operator, Roles.Approver];

    /// <summary>From who has signed in, or the token that was sent.</summary>
    public static Standing Of(ClaimsPrincipal user) => new(user.HighestRole(), [.. user.FindAll(GrantClaim).Select(Read)]);

    /// <summary>As a request carries it.</summary>
    public IEnumerable<Claim> ToClaims() => Grants.Select(grant => new Claim(GrantClaim, $"{grant.Role} {grant.GroupId} {grant.WaveId}"))
        .Concat(Role is null ? [] : [new Claim(ClaimTypes.Role, Role)]);

    /// <summary>Whether it gives the same rights as another one.</summary>
    public bool IsSame(Standing other) => Role == other.Role && Grants.ToHashSet().SetEquals(other.Grants);

    /// <summary>Whether a role is held in a place.</summary>
    public bool Has(string role, Place place) => Includes(Role, role)
        || (place.Wave is { } wave && Grants.Any(grant => grant.WaveId == wave && Includes(grant.Role, role)))
        || (place.Hosts.Count > 0 && place.Hosts.All(host => HasOn(role, host)));

    /// <summary>Whether a role is held anywhere.</summary>
    public bool HasSomewhere(string role) => Includes(Role, role) || Grants.Any(grant => Includes(grant.Role, role));

    /// <summary>The highest role held anywhere; null for none.</summary>
    public string? Highest => Grants.Select(grant => grant.Role).Append(Role).OfType<string>().MaxBy(Roles.Rank);

    /// <summary>Why an act that needs a role in a place is not allowed, and whom to ask; null when it is.</summary>
    public string? WhyNot(string role, Place place) => this switch
    {
        _ when Has(role, place) => null,
        _ when role == Roles.Admin => "Your role may not do this. Ask a person with the role Admin.",
        _ when HasSomewhere(role) => $"This needs the role {role} {Lacking(role, place)}, and you have it elsewhere only. Ask a person with the role Admin.",
        _ when role == Roles.Approver => "Approving needs the role Approver or Admin.",
        _ => "Your role may look but not act. Ask a person with the role Operator or Admin.",
    };

    /// <summary>Where in a place a role is not held, as <c>on kvm1 (no group)</c>.</summary>
    public string Lacking(string role, Place place)
    {
        var hosts = place.Hosts.Where(host => !HasOn(role, host)).Select(host => $"{host.Name} ({(host.Group is { } group ? $"group {group.Name}" : "no group")})").ToList();
        return hosts.Count == 0 ? "for everything"
            : "on " + string.Join(", ", hosts.Take(NamedAtMost)) + (hosts.Count > NamedAtMost ? $" and {hosts.Count - NamedAtMost} more hosts" : "");
    }

    /// <summary>What is left of it under a token: no role above the token's own, and, where the token names groups, on these alone.</summary>
    public Standing Under(ApiToken token) => token.Groups is not { } groups
        ? new Standing(Least(Role, token.Role), [.. Grants.Select(grant => grant with { Role = Roles.Least(grant.Role, token.Role) }).Where(IsGrantable)])
        : new Standing(Least(Role, Roles.Viewer), [.. groups.Distinct().Select(group => new Grant(Least(In(group), token.Role) ?? "", group, null)).Where(IsGrantable)]);

    private static bool IsGrantable(Grant grant) => Grantable.Contains(grant.Role);

    private bool HasOn(string role, GroupedHost host) => host.Group is { } group && Includes(In(group.Id), role);

    // An admin's role in a group is an approver's: what only admins may is not done in groups.
    private string? In(Guid group) => Grants.Where(grant => grant.GroupId == group).Select(grant => grant.Role).Append(Least(Role, Roles.Approver)).OfType<string>().MaxBy(Roles.Rank);

    private static bool Includes(string? held, string role) => held is not null && Roles.Rank(held) >= Roles.Rank(role);

    private static string? Least(string? one, string other) => one is null ? null : Roles.Least(one, other);

    private static Grant Read(Claim claim)
    {
        var words = claim.Value.Split(' ');
        return new Grant(words[0], Guid.TryParse(words[1], out var group) ? group : null, Guid.TryParse(words[2], out var wave) ? wave : null);
    }
}
