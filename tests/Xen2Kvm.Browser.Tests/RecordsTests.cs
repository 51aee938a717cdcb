using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Browser.Tests;

/// <summary>The audit log and notifications, as people use them.</summary>
public sealed class RecordsTests(DashboardFixture dashboard)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_log_is_searched_read_page_by_page_and_exported_with_the_same_filter()
    {
        var page = await StartAsync("/");
        var audit = dashboard.Services.GetRequiredService<IAuditLog>();
        for (var number = 0; number < 120; number++)
        {
            await audit.AppendAsync(new AuditEntry(DateTimeOffset.UtcNow, "anna", "host.change", $"paged-{number}", ""), Token);
        }

        await page.GotoAsync("/audit");
        await page.GetByLabel("Text in subject or detail").FillAsync("PAGED");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("q=PAGED"));
        var rows = page.Locator(".audit tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(100);
        await page.Locator("[data-act=older]").ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(20);
        await Assertions.Expect(rows.First).ToContainTextAsync("paged-19");
        await page.ReloadAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(20);
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("[data-act=csv]").ClickAsync());
        download.SuggestedFilename.ShouldEndWith(".csv");
        (await File.ReadAllTextAsync((await download.PathAsync())!, Token)).TrimEnd().Split('\n').Length.ShouldBe(121, "the whole filter, not the page");
        await page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(100);
        var checkedAt = await page.Locator("[role=status] time").First.InnerTextAsync();
        await page.Locator("[data-act=check-chain]").ClickAsync();
        await Assertions.Expect(page.Locator("[role=status] time").First).Not.ToHaveTextAsync(checkedAt);
        await Assertions.Expect(page.GetByText("Chain whole")).ToBeVisibleAsync();
        await EndAsync(page);
    }

    [Fact]
    public async Task A_notification_reaches_every_open_page_and_is_read_by_each_person_for_themselves()
    {
        var anna = await StartAsync("/hosts");
        var vera = await StartAsync("/guests", "vera");
        await ReadAllAsync(anna);
        await ReadAllAsync(vera);
        var run = dashboard.World.Runs["done"];
        await dashboard.Services.GetRequiredService<Notifier>().RaiseAsync(
            new NotificationEvent(NotificationKind.RunFinished, run, "browser", "proxy runs on kvm1 again", "Told by a test."), Token);
        await Assertions.Expect(anna.Locator(".bell .count")).ToHaveTextAsync("1");
        await Assertions.Expect(vera.Locator(".bell .count")).ToHaveTextAsync("1");
        await anna.Locator("[data-act=bell]").ClickAsync();
        await anna.Locator("#bell-drawer .item.unread").ClickAsync();
        await Assertions.Expect(anna).ToHaveURLAsync(new Regex($"/runs/{run}"));
        await Assertions.Expect(anna.Locator("#bell-drawer")).ToBeHiddenAsync();
        await Assertions.Expect(anna.Locator(".bell .count")).ToBeHiddenAsync();
        await Assertions.Expect(vera.Locator(".bell .count")).ToHaveTextAsync("1");
        await EndAsync(anna);
        await EndAsync(vera);
    }

    [Fact]
    public async Task Channels_are_for_admins_show_no_secret_and_a_test_says_what_came_of_it()
    {
        var vera = await StartAsync("/settings", "vera");
        await Assertions.Expect(vera.GetByRole(AriaRole.Link, new() { Name = "Channels" })).ToBeHiddenAsync();
        await vera.GotoAsync("/settings/notifications");
        await Assertions.Expect(vera.Locator("h1")).ToHaveTextAsync("This page is not for your role");
        await EndAsync(vera);

        var page = await StartAsync("/settings/notifications");
        await page.GetByLabel("Change or test chat room").ClickAsync();
        await Assertions.Expect(page.GetByLabel("Address")).ToHaveValueAsync("https://hooks.invalid/x2k");
        await Assertions.Expect(page.GetByLabel("Secret")).ToHaveValueAsync("");
        (await page.ContentAsync()).ShouldNotContain("no secret at all");
        await page.Locator("[data-act=test-channel]").ClickAsync();
        await Assertions.Expect(page.Locator(".note[role=alert]")).ToContainTextAsync("The name hooks.invalid has no address.");

        await page.Locator("[data-act=add-email]").ClickAsync();
        await Assertions.Expect(page.Locator("h2").First).ToHaveTextAsync("Add an e-mail");
        await page.Locator("#channel-name").FillAsync("made by a test");
        await page.Locator("#channel-host").FillAsync("mail.example.org");
        await page.Locator("#channel-from").FillAsync("x2k@example.org");
        await page.Locator("#channel-to").FillAsync("ann@example.org");
        await page.Locator("[data-act=save-channel]").ClickAsync();
        await Assertions.Expect(page.Locator("tr", new() { HasText = "made by a test" })).ToContainTextAsync("ann@example.org through mail.example.org:587");
        await page.GetByLabel("Remove made by a test").ClickAsync();
        await page.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(page.Locator("tr", new() { HasText = "made by a test" })).ToBeHiddenAsync();
        await EndAsync(page);
    }

    private static async Task ReadAllAsync(IPage page)
    {
        await page.Locator("[data-act=bell]").ClickAsync();
        await page.Locator("[data-act=read-all]").ClickAsync();
        await Assertions.Expect(page.Locator(".bell .count")).ToBeHiddenAsync();
        await page.Locator("[data-act=bell]").ClickAsync();
    }

    private async Task<IPage> StartAsync(string path, string user = "anna")
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync(user);
        await page.GotoAsync(path);
        await page.WaitForSelectorAsync(".frame h1");
        return page;
    }

    private async Task EndAsync(IPage page)
    {
        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }
}
