using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Host groups and the roles in them, as an admin gives them.</summary>
internal static class GroupRequests
{
    /// <summary>Adds a group with hosts.</summary>
    public static async Task<Guid> GroupAsync(this HttpClient admin, string name, params string[] hosts)
    {
        var id = (await admin.SendJsonAsync(HttpMethod.Post, "/api/v1/host-groups", new { name }))["id"]!.GetValue<Guid>();
        foreach (var host in hosts)
        {
            await admin.PutIntoAsync(host, name);
        }

        return id;
    }

    /// <summary>Puts a host into a group, or into none.</summary>
    public static Task PutIntoAsync(this HttpClient admin, string host, string? group) =>
        admin.SendJsonAsync(HttpMethod.Put, $"/api/v1/host-groups/hosts/{host}", new { group });

    /// <summary>Gives a person a role in a place; the person is made when there is none, and sees everything.</summary>
    public static async Task GrantAsync(this Dashboard dashboard, HttpClient admin, string name, string? role, string? group = null, Guid? wave = null)
    {
        await dashboard.UserAsync(name, Roles.Viewer);
        await admin.SendJsonAsync(HttpMethod.Put, $"/api/v1/people/{name}/grants", new { role, group, wave });
    }

    /// <summary>A client with a token of a person that has no limit of its own, or one to groups.</summary>
    public static async Task<HttpClient> ClientAsync(this Dashboard dashboard, string name, params Guid[] groups)
    {
        var (_, plain) = await dashboard.Get<IApiTokenStore>().CreateAsync(
            $"of {name}", name, Roles.Admin, TokenScope.All, groups.Length == 0 ? null : groups, null, TestContext.Current.CancellationToken);
        return dashboard.WithToken(plain);
    }
}
