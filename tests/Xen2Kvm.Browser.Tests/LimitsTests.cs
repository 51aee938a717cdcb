using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Limits of the installation as people set and read them.</summary>
public sealed class LimitsTests(DashboardFixture dashboard)
{
    [Fact]
    public async Task An_admin_sets_changes_and_removes_a_limit_and_sees_the_week()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.GotoAsync("/settings");
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Limits" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Limits");
        await page.Locator("[data-act=add-limit]").ClickAsync();
        await page.GetByLabel("MB/s", new() { Exact = true }).FillAsync("0");
        await page.GetByLabel("Where", new() { Exact = true }).SelectOptionAsync("xen1");
        await page.Locator("[data-act=save-limit]").ClickAsync();
        await Assertions.Expect(page.Locator(".note")).ToContainTextAsync("Give a rate of 0.1 MB/s or more");
        await page.GetByLabel("MB/s", new() { Exact = true }).FillAsync("12.5");
        await page.GetByLabel("When", new() { Exact = true }).SelectOptionAsync("at some hours");
        await page.GetByLabel("From", new() { Exact = true }).FillAsync("22:00");
        await page.GetByLabel("To", new() { Exact = true }).FillAsync("06:00");
        await page.GetByLabel("Sat", new() { Exact = true }).CheckAsync();
        await page.ShouldBeAccessibleAsync("a limit being added");
        await page.Locator("[data-act=save-limit]").ClickAsync();
        var row = page.Locator("section[aria-label='All limits'] tr").Filter(new() { HasText = "12.5 MB/s" });
        await Assertions.Expect(row).ToContainTextAsync("Sat 22:00–06:00 (Europe/Berlin)");

        await page.GetByRole(AriaRole.Tab, new() { Name = "xen1" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("scope=xen1"));
        await Assertions.Expect(page.Locator("table.week td.bound")).ToHaveCountAsync(8);
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("table.week td.bound")).ToHaveCountAsync(8);

        await page.GetByLabel("Change xen1: 12.5 MB/s").ClickAsync();
        await Assertions.Expect(page.GetByLabel("MB/s", new() { Exact = true })).ToHaveValueAsync("12.5");
        await page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("runs at once");
        await page.GetByLabel("Runs at once", new() { Exact = true }).FillAsync("3");
        await page.Locator("[data-act=save-limit]").ClickAsync();
        await Assertions.Expect(page.Locator("section[aria-label='All limits'] tr").Filter(new() { HasText = "3 runs at once" })).ToBeVisibleAsync();
        await page.GetByLabel("Remove xen1: 3 runs at once").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove the limit" }).ClickAsync();
        await Assertions.Expect(page.Locator("section[aria-label='All limits'] tr").Filter(new() { HasText = "3 runs at once" })).ToBeHiddenAsync();
        (await dashboard.Services.GetRequiredService<IAuditLog>().SearchAsync(new AuditQuery { Text = "xen1: ", By = "anna" }, 20, TestContext.Current.CancellationToken))
            .Select(act => act.Action).Where(act => act.StartsWith("limit.", StringComparison.Ordinal)).ShouldBe(["limit.remove", "limit.change", "limit.add"]);
        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }

    [Fact]
    public async Task Others_read_the_limits_and_see_on_a_run_what_bounds_it()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync("olga");
        await page.GotoAsync("/settings/limits?add=yes");
        await Assertions.Expect(page.GetByText("80 MB/s").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-act=add-limit], [data-act=save-limit]")).ToHaveCountAsync(0);
        await page.GotoAsync($"/runs/{dashboard.World.Runs["running"]}");
        await Assertions.Expect(page.Locator(".limited")).ToContainTextAsync("limited to 60 MB/s until");
        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }
}
