using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Engine.Cleanups;

namespace Xen2Kvm.Browser.Tests;

/// <summary>What a moved guest left on Xen: proposed by one person, approved by another, and deleted after its name was typed.</summary>
public sealed class CleanupsTests(DashboardFixture dashboard)
{
    [Fact]
    public async Task What_a_guest_left_is_proposed_approved_by_another_person_and_deleted()
    {
        await dashboard.FillAsync();
        var olga = await dashboard.OpenAsync("olga");
        await olga.GotoAsync($"/runs/{dashboard.World.Runs["done-2"]}");
        await olga.Locator("[data-remains]").ClickAsync();
        await Assertions.Expect(olga.Locator("tr[data-guest]")).ToHaveCountAsync(1);
        await Assertions.Expect(olga.Locator("[data-act=propose]")).ToBeDisabledAsync();
        await olga.GetByLabel("Propose ldap for cleanup").CheckAsync();
        await olga.GetByLabel("Hold period in days").FillAsync("0");
        await olga.GetByLabel("Hold period in days").PressAsync("Tab");
        await olga.Locator("[data-act=propose]").ClickAsync();
        await Assertions.Expect(olga.Locator(".note.tone-red")).ToContainTextAsync("kept for at least 1 day");
        await olga.GetByLabel("Hold period in days").FillAsync("1");
        await olga.GetByLabel("Hold period in days").PressAsync("Tab");
        await olga.Locator("[data-act=propose]").ClickAsync();
        await Assertions.Expect(olga.Locator("h1")).ToHaveTextAsync("Cleanup of ldap");
        await Assertions.Expect(olga.Locator("tr[data-item]")).ToHaveCountAsync(4);
        await Assertions.Expect(olga.GetByLabel("Commands on xen1")).ToContainTextAsync("lvremove -q -y vg0/ldap");
        await Assertions.Expect(olga.Locator("[data-act=approve]")).ToBeDisabledAsync();
        await Assertions.Expect(olga.Locator("[data-act=delete]")).ToBeDisabledAsync();
        await olga.Locator("[data-act=dry-run]").ClickAsync();
        await Assertions.Expect(olga.Locator("#dry-run")).ToContainTextAsync("It is not approved.");

        var petra = await dashboard.OpenAsync("petra");
        await petra.GotoAsync(olga.Url);
        await Assertions.Expect(petra.Locator("[data-act=reject]")).ToBeDisabledAsync();
        await petra.Locator("[data-act=approve]").ClickAsync();
        await Assertions.Expect(petra.Locator(".page-head")).ToContainTextAsync("Approved");
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Approved");

        // Things have changed since: nothing is deleted, the difference is shown, and it is approved anew.
        dashboard.World.Remains.Changed.Add("/dev/vg0/ldap");
        await DeleteAsync(olga);
        await Assertions.Expect(olga.Locator("table.drift")).ToContainTextAsync("b8Wc2Q");
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Needs approval");
        await olga.ShouldBeAccessibleAsync("a cleanup whose approval is void");
        await olga.Locator("[data-act=look-again]").ClickAsync();
        await Assertions.Expect(olga.Locator("table.drift")).ToHaveCountAsync(0);
        await Assertions.Expect(petra.Locator("[data-act=approve]")).ToBeEnabledAsync();
        await petra.Locator("[data-act=approve]").ClickAsync();
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Approved");

        await DeleteAsync(olga);
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Deleting");
        await dashboard.Services.GetRequiredService<CleanupExecutor>().CarryOutAsync(TestContext.Current.CancellationToken);
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Deleted");
        await Assertions.Expect(olga.Locator("tr[data-item]").Filter(new() { HasText = "Deleted" })).ToHaveCountAsync(4);
        foreach (var theme in new[] { "light", "dark" })
        {
            await olga.EvaluateAsync($"() => document.documentElement.setAttribute('data-theme', '{theme}')");
            await olga.TakePictureAsync($"cleanup-done-{theme}", 1440);
            await olga.ShouldBeAccessibleAsync($"a cleanup at its end, {theme}");
        }

        await olga.GotoAsync($"/runs/{dashboard.World.Runs["done-2"]}");
        await Assertions.Expect(olga.Locator("[data-act=roll-back]")).ToBeDisabledAsync();
        await Assertions.Expect(olga.Locator(".run-summary")).ToContainTextAsync("has begun to delete it");
        await olga.Context.CloseAsync();
        await petra.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }

    [Fact]
    public async Task Who_may_only_look_sees_everything_and_presses_nothing()
    {
        await dashboard.FillAsync();
        var vera = await dashboard.OpenAsync("vera");
        await vera.GotoAsync($"/cleanup/{dashboard.World.ProposedCleanup}");
        await Assertions.Expect(vera.Locator("tr[data-item]").First).ToBeVisibleAsync();
        foreach (var act in new[] { "look-again", "dry-run", "withdraw", "delete", "approve", "reject" })
        {
            await Assertions.Expect(vera.Locator($"[data-act={act}]")).ToBeDisabledAsync();
        }

        await vera.GotoAsync("/cleanup/00000000-0000-0000-0000-000000000001");
        await Assertions.Expect(vera.Locator("h1")).ToHaveTextAsync("This cleanup is not known");
        await vera.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }

    private static async Task DeleteAsync(IPage page)
    {
        await page.Locator("[data-act=delete]").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog.Locator("[data-act=confirm]")).ToBeDisabledAsync();
        await page.WaitForTimeoutAsync(400);
        await page.ShouldBeAccessibleAsync("the question before the deletion");
        await dialog.GetByLabel("Type ldap to confirm").FillAsync("ldp");
        await Assertions.Expect(dialog.Locator("[data-act=confirm]")).ToBeDisabledAsync();
        await dialog.GetByLabel("Type ldap to confirm").FillAsync("ldap");
        await dialog.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(dialog).ToBeHiddenAsync();
    }
}
