using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class HostGroupCommandTests(Database database)
{
    [Fact]
    public async Task Groups_are_made_filled_renamed_and_removed_by_an_admin()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        var owner = await dashboard.UserAsync(Roles.Admin);
        var (_, token) = await dashboard.Get<IApiTokenStore>().CreateAsync("x2k", owner.UserName!, Roles.Admin, "all", null, null, TestContext.Current.CancellationToken);
        Task<Shell> AdminAsync(params string[] args) => Shell.RunAsync([.. args, "--url", dashboard.Address.ToString(), "--token", token]);

        (await Shell.AgainstAsync(dashboard, "host", "group", "add", "paris")).Ends(1).Error.ShouldContain("has the role Operator, which may not do this");
        (await AdminAsync("host", "group", "add", "a/b c")).Ends(0).Out.ShouldContain("Added a/b c");
        (await AdminAsync("host", "group", "add", "A/B C")).Ends(1).Error.ShouldContain("already");
        (await AdminAsync("host", "group", "put", "xen1", "a/b c")).Ends(0).Out.ShouldContain("xen1 is in the group a/b c.");
        (await AdminAsync("host", "group", "put", "xen1", "rome")).Ends(1).Error.ShouldContain("There is no host group rome");
        (await AdminAsync("host", "group", "put", "xen1")).Ends(2).Error.ShouldContain("--none");
        (await AdminAsync("host", "group", "rename", "a/b c", "paris")).Ends(0);
        (await Shell.AgainstAsync(dashboard, "host", "group", "list", "--json")).Ends(0).Json[0]!["hosts"]![0]!.GetValue<string>().ShouldBe("xen1");
        (await AdminAsync("host", "group", "put", "xen1", "--none")).Ends(0).Out.ShouldContain("xen1 is in no group.");
        (await AdminAsync("host", "group", "remove", "paris")).Ends(2).Error.ShouldContain("--yes");
        (await AdminAsync("host", "group", "remove", "paris", "--yes")).Ends(0);
        (await Shell.AgainstAsync(dashboard, "host", "group", "list", "--json")).Ends(0).Json.AsArray().ShouldBeEmpty();
    }
}
