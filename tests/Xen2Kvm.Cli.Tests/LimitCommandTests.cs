using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class LimitCommandTests(Database database)
{
    [Fact]
    public async Task Limits_are_added_listed_changed_and_removed()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        var admin = await dashboard.UserAsync(Roles.Admin);
        var (_, token) = await dashboard.Get<IApiTokenStore>().CreateAsync("limits", admin.UserName!, Roles.Admin, TokenScope.All, null, null, TestContext.Current.CancellationToken);
        Task<Shell> AsAdminAsync(params string[] args) => Shell.RunAsync([.. args, "--url", dashboard.Address.ToString(), "--token", token]);
        (await Shell.AgainstAsync(dashboard, "limit", "add", "--runs", "1")).Ends(1).Error.ShouldContain("has the role Operator, which may not do this", Case.Sensitive, "limits are for admins");
        (await AsAdminAsync("limit", "list")).Ends(0).Out.ShouldStartWith("Nothing is limited.");
        var added = (await AsAdminAsync(
            "limit", "add", "--rate", "0.5", "--host", "kvm1", "--days", "fri-mon,wed", "--from", "22:00", "--to", "06:00", "--zone", "Europe/Berlin", "--json")).Ends(0).Json;
        added["value"]!.GetValue<long>().ShouldBe(500_000);
        added["days"]!.AsArray().Select(day => day!.GetValue<string>()).ShouldBe(["Friday", "Saturday", "Sunday", "Monday", "Wednesday"]);
        var id = added["id"]!.GetValue<string>();
        (await AsAdminAsync("limit", "change", id, "--runs", "2", "--zone", "UTC")).Ends(0).Out.ShouldContain("is now everywhere: 2 runs at once, always.");
        var list = (await AsAdminAsync("limit", "list")).Ends(0).Out;
        list.ShouldContain("everywhere  2 runs at once  always");
        list.ShouldContain("everywhere  0 runs  2 runs  -");
        (await AsAdminAsync("limit", "remove", id)).Ends(0);
        (await AsAdminAsync("limit", "remove", id)).Ends(1).Error.ShouldContain("This limit is gone");
    }

    [Theory]
    [InlineData("limit", "add")]
    [InlineData("limit", "add", "--runs", "1", "--rate", "2")]
    [InlineData("limit", "add", "--rate", "-3")]
    [InlineData("limit", "add", "--runs", "1", "--days", "someday")]
    [InlineData("limit", "add", "--runs", "1", "--from", "8 o'clock", "--to", "09:00")]
    [InlineData("limit", "remove", "not-an-id")]
    public async Task Wrong_usage_is_said_before_anything_is_asked(params string[] args)
    {
        var shell = await Shell.RunAsync([.. args, "--url", "http://127.0.0.1:9"]);
        shell.Ends(2);
        shell.Error.ShouldNotBeEmpty();
    }
}
