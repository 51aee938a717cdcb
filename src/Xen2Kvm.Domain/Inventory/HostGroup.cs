namespace Xen2Kvm.Domain.Inventory;

/// <summary>Hosts that belong together, so that a person may be given a role on just these. A host is in one group or in none.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="Name">Unique name.</param>
public sealed record HostGroup(Guid Id, string Name)
{
    private const int LongestName = 60;

    /// <summary>Why a name will not do, with what to give instead; null when it will.</summary>
    public static string? Problem(string name) => name.Trim().Length is 0 or > LongestName || name.Any(char.IsControl)
        ? $"Give the group a name of 1 to {LongestName} characters, on one line." : null;
}

/// <summary>A host and the group that it is in.</summary>
/// <param name="Id">The host.</param>
/// <param name="Name">Its name.</param>
/// <param name="Group">Its group; null for none.</param>
public sealed record GroupedHost(Guid Id, string Name, HostGroup? Group);
