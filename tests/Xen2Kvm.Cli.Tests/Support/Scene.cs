using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests.Support;

/// <summary>What many tests begin with.</summary>
internal static class Scene
{
    public static async Task AddHostsAsync(Dashboard dashboard)
    {
        foreach (var (name, kind) in new[] { ("xen1", "xen"), ("kvm1", "kvm") })
        {
            (await Shell.AgainstAsync(
                dashboard, "host", "add", name, "--kind", kind, "--address", "192.0.2.1", "--accept-fingerprint", FakeHosts.Fingerprint)).Ends(0);
            (await Shell.AgainstAsync(dashboard, "host", "refresh", name)).Ends(0);
        }
    }

    public static async Task<Guid> PlanAsync(Dashboard dashboard)
    {
        await AddHostsAsync(dashboard);
        return (await Shell.AgainstAsync(dashboard, "plan", "create", "xen1", "files", "--to", "kvm1", "--json")).Ends(0).Json["id"]!.GetValue<Guid>();
    }
}
