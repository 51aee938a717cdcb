using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Host groups as an admin makes them, and what a person with a role in one of them finds.</summary>
public sealed class HostGroupTests(DashboardFixture dashboard)
{
    private const string Name = "south <b>1</b>";

    [Fact]
    public async Task A_role_in_a_group_opens_the_acts_on_its_hosts_and_says_at_others_what_is_lacking()
    {
        await dashboard.FillAsync();
        var admin = await dashboard.OpenAsync();
        await admin.GotoAsync("/hosts/groups");
        await admin.GetByLabel("Name of a new group").FillAsync(Name);
        await admin.Locator("[data-act=add-group]").ClickAsync();
        await admin.GetByLabel("Group of xen2").SelectOptionAsync(Name);
        await Assertions.Expect(admin.Locator($"[data-group='{Name}']")).ToContainTextAsync("xen2");
        await admin.ShouldBeAccessibleAsync("host groups");
        await admin.GotoAsync("/people/otto");

        // Whoever goes on to another page while it is still being stored has given the role all the same.
        var role = admin.GetByLabel($"otto on the group {Name}");
        await using (await dashboard.LockAsync("grants", "SHARE"))
        {
            await role.SelectOptionAsync(Roles.Approver);
            await Assertions.Expect(role).ToBeDisabledAsync();
            await admin.Locator(".rail a[href='/guests']").ClickAsync();
            await Assertions.Expect(admin.Locator("h1")).ToHaveTextAsync("Guests");
        }

        var groups = dashboard.Services.GetRequiredService<HostGroupService>();
        for (var looks = 0; looks < 200 && (await groups.ListRolesAsync(TestContext.Current.CancellationToken)).All(given => given.UserName != "otto"); looks++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        await admin.GotoAsync("/people/otto");
        await Assertions.Expect(role).ToHaveValueAsync(Roles.Approver);
        await role.SelectOptionAsync(Roles.Operator);
        await Assertions.Expect(admin.GetByText($"otto is Operator on {Name} now.")).ToBeVisibleAsync();
        await admin.ReloadAsync();
        await Assertions.Expect(role).ToHaveValueAsync(Roles.Operator);
        await admin.ShouldBeAccessibleAsync("a person's roles in single places");

        var otto = await dashboard.OpenAsync("otto");
        await otto.GotoAsync($"/hosts/{dashboard.World.Xen2.Id}");
        await Assertions.Expect(otto.Locator("[data-act=refresh]")).ToBeEnabledAsync();
        await Assertions.Expect(otto.Locator("[data-act=change]")).ToHaveAttributeAsync("title", new Regex("This needs the role Operator for everything"));
        await otto.GotoAsync($"/runs/{dashboard.World.Runs["running"]}");
        await Assertions.Expect(otto.Locator("[data-act=stop]")).ToBeDisabledAsync();
        await Assertions.Expect(otto.Locator("[data-act=stop]")).ToHaveAttributeAsync(
            "title", new Regex(@"This needs the role Operator on xen1 \(group data centre north\), kvm1 \(group data centre north\)"));
        await otto.GotoAsync("/hosts/groups");
        await Assertions.Expect(otto.GetByLabel("Group of xen2")).ToBeDisabledAsync();

        // What an admin takes away is gone from the open page within seconds.
        await otto.GotoAsync($"/hosts/{dashboard.World.Xen2.Id}");
        await Assertions.Expect(otto.Locator("[data-act=refresh]")).ToBeEnabledAsync();
        await admin.GotoAsync("/hosts/groups");
        await admin.Locator($"[data-group='{Name}'] [data-act=remove-group]").ClickAsync();
        await Assertions.Expect(admin.GetByRole(AriaRole.Dialog)).ToContainTextAsync("otto Operator");
        await admin.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(admin.Locator($"[data-group='{Name}']")).ToHaveCountAsync(0);
        await Assertions.Expect(otto.Locator("[data-act=refresh]")).ToBeDisabledAsync();
        await admin.Context.CloseAsync();
        await otto.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }
}
