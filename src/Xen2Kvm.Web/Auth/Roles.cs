namespace Xen2Kvm.Web.Auth;

/// <summary>What a person may do. Each role includes the ones before it.</summary>
public static class Roles
{
    /// <summary>Sees everything, changes nothing.</summary>
    public const string Viewer = "Viewer";

    /// <summary>Adds hosts, plans, starts, stops and rolls back runs.</summary>
    public const string Operator = "Operator";

    /// <summary>Approves what others planned.</summary>
    public const string Approver = "Approver";

    /// <summary>Manages people and tokens, removes hosts.</summary>
    public const string Admin = "Admin";

    /// <summary>All roles, the least first.</summary>
    public static IReadOnlyList<string> All { get; } = [Viewer, Operator, Approver, Admin];

    /// <summary>A role and those that include it.</summary>
    public static IReadOnlyList<string> AtLeast(string role) => [.. All.SkipWhile(known => known != role)];
}
