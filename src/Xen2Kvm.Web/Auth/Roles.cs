namespace Xen2Kvm.Web.Auth;

/// <summary>What a person may do. Each role includes the ones before it; each is also the name of the policy of those who have it for everything.</summary>
public static class Roles
{
    /// <summary>Sees everything, changes nothing.</summary>
    public const string Viewer = "Viewer";

    /// <summary>Adds hosts, plans, starts, stops and rolls back runs.</summary>
    public const string Operator = "Operator";

    /// <summary>Approves what others planned.</summary>
    public const string Approver = "Approver";

    /// <summary>Manages people and everyone's API tokens.</summary>
    public const string Admin = "Admin";

    /// <summary>All roles, the least first.</summary>
    public static IReadOnlyList<string> All { get; } = [Viewer, Operator, Approver, Admin];

    /// <summary>A role and those that include it.</summary>
    public static IReadOnlyList<string> AtLeast(string role) => [.. All.SkipWhile(known => known != role)];

    /// <summary>The policy of those who have a role, or one that includes it, at least in some place; where, the endpoint asks <see cref="Access"/>.</summary>
    public static string Somewhere(string role) => role + " somewhere";

    /// <summary>The lesser of two roles.</summary>
    public static string Least(string one, string other) => Rank(one) <= Rank(other) ? one : other;

    /// <summary>Place in <see cref="All"/>; -1 for what is no role.</summary>
    public static int Rank(string role) => All.ToList().IndexOf(role);
}
