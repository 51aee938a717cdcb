using Microsoft.Playwright;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Every page, in both themes and at three widths: pictures, accessibility, nothing wider than its window, no complaint in the console.</summary>
public sealed class PagesTests(DashboardFixture dashboard)
{
    private static readonly int[] _widths = [480, 1024, 1440];

    // Further states of a page that is pictured already; docs/screenshots has them at one width only.
    private static readonly string[] _states = ["host-unreachable", "host-kvm", "plan", "run-question", "run-failed", "run-rolled-back", "wave-board", "wave-timeline", "wave-log", "wave-edit", "wave-wall", "limit-add", "channel-webhook", "channel-email"];

    public static TheoryData<string> Pages()
    {
        var data = new TheoryData<string>();
        foreach (var page in new[]
        {
            "overview", "guests", "guest", "hosts", "host-groups", "host-xen", "host-unreachable", "host-kvm", "host-add", "host-change", "plans", "plan-new", "plan", "plan-blocked",
            "runs", "run", "run-question", "run-failed", "run-rolled-back", "run-done", "run-evidence", "waves", "wave", "wave-board", "wave-timeline", "wave-log", "wave-approval",
            "wave-edit", "wave-wall", "wave-new", "cleanup", "cleanup-proposed", "audit", "people", "person", "account", "settings", "limits", "limit-add", "channels", "channel-webhook",
            "channel-email", "sign-in", "sign-in-code",
        })
        {
            data.Add(page);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_page_is_accessible_fits_and_is_pictured_in_both_themes(string name)
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync(name switch { "sign-in" or "sign-in-code" => null, "account" => "vera", _ => "anna" });
        await page.GotoAsync(Path(name));
        await SettledAsync(page, name);
        foreach (var (theme, scheme) in new[] { ("light", ColorScheme.Light), ("dark", ColorScheme.Dark) })
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", theme);
            // Widths do not depend on colours: in the dark all of them are only looked at for the pictures of docs.
            foreach (var width in theme == "light" || Looking.ForDocs ? _widths : _widths[^1..])
            {
                await page.TakePictureAsync($"{name}-{theme}", width, isState: _states.Contains(name));
                await page.ShouldFitAsync($"{name} at {width}");
            }

            await page.ShouldBeAccessibleAsync($"{name}, {theme}");
        }

        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task The_dialogs_the_drawer_and_the_menus_are_accessible(string theme)
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync(theme: theme);
        await page.GotoAsync(Path("run"));
        await page.Locator("[data-act=roll-back]").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await page.WaitForTimeoutAsync(400);
        await page.ShouldBeAccessibleAsync($"roll-back dialog, {theme}");
        await page.TakePictureAsync($"run-roll-back-{theme}", 1440);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();

        await page.Locator("h1").ClickAsync();
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Search hosts, guests, plans and runs");
        await page.WaitForTimeoutAsync(400);
        await page.ShouldBeAccessibleAsync($"help, {theme}");
        await page.Keyboard.PressAsync("Escape");

        await page.Locator(".running-chip").ClickAsync();
        await Assertions.Expect(page.Locator("#running-drawer")).ToContainTextAsync("files");
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("[data-act=bell]").ClickAsync();
        await Assertions.Expect(page.Locator("#bell-drawer")).ToContainTextAsync("mail needs an answer");
        await page.TakePictureAsync($"notifications-{theme}", 1440);
        await page.ShouldBeAccessibleAsync($"notifications, {theme}");
        await page.Locator(".topbar details.menu summary").Last.ClickAsync();
        await page.ShouldBeAccessibleAsync($"drawer and person menu, {theme}");
        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }

    [Fact]
    public async Task The_accessibility_check_does_find_faults()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.EvaluateAsync("() => document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><p style=\"color:#999;background:#aaa\">faint</p>')");
        var failure = await Record.ExceptionAsync(() => page.ShouldBeAccessibleAsync("a page made wrong"));
        failure.ShouldNotBeNull().Message.ShouldContain("button-name");
        failure.Message.ShouldContain("color-contrast");
        await page.Context.CloseAsync();
    }

    private string Path(string name) => name switch
    {
        "overview" => "/",
        "guest" => "/guests/xen1/files",
        "host-xen" => $"/hosts/{dashboard.World.Xen1.Id}",
        "host-unreachable" => $"/hosts/{dashboard.World.Xen2.Id}",
        "host-kvm" => $"/hosts/{dashboard.World.Kvm1.Id}",
        "host-groups" => "/hosts/groups",
        "host-add" => "/hosts/new?kind=xen",
        "host-change" => $"/hosts/{dashboard.World.Xen2.Id}/change",
        "plan-new" => "/plans/new?host=xen1&guest=files",
        "plan" => $"/plans/{dashboard.World.OpenPlan}",
        "plan-blocked" => $"/plans/{dashboard.World.BlockedPlan}",
        "run" => $"/runs/{dashboard.World.Runs["running"]}",
        "run-question" => $"/runs/{dashboard.World.Runs["needs-answer"]}",
        "run-failed" => $"/runs/{dashboard.World.Runs["failed"]}",
        "run-rolled-back" => $"/runs/{dashboard.World.Runs["rolled-back"]}",
        "waves" => "/waves",
        "wave" => $"/waves/{dashboard.World.Waves.Running}",
        "wave-board" => $"/waves/{dashboard.World.Waves.Running}?tab=board",
        "wave-timeline" => $"/waves/{dashboard.World.Waves.Running}?tab=timeline",
        "wave-log" => $"/waves/{dashboard.World.Waves.Running}?tab=log&level=info",
        "wave-wall" => $"/waves/{dashboard.World.Waves.Running}?view=wall",
        "wave-approval" => $"/waves/{dashboard.World.Waves.Submitted}?tab=approval",
        "wave-edit" => $"/waves/{dashboard.World.Waves.Void}?tab=edit",
        "wave-new" => "/waves/new?host=xen1",
        "cleanup-proposed" => $"/cleanup/{dashboard.World.ProposedCleanup}",
        "run-done" => $"/runs/{dashboard.World.Runs["done"]}",
        "run-evidence" => $"/runs/{dashboard.World.Runs["done"]}?tab=evidence",
        "person" => "/people/vera",
        "limits" => "/settings/limits",
        "limit-add" => "/settings/limits?add=yes",
        "channels" => "/settings/notifications",
        "channel-webhook" => "/settings/notifications?add=webhook",
        "channel-email" => "/settings/notifications?add=email",
        "sign-in" => "/account/sign-in",
        "sign-in-code" => "/account/code",
        _ => "/" + name,
    };

    private static async Task SettledAsync(IPage page, string name)
    {
        if (!name.StartsWith("sign-in", StringComparison.Ordinal))
        {
            await page.WaitForSelectorAsync(".frame");
            await Assertions.Expect(page.Locator("h1")).ToHaveCountAsync(1);
        }

        if (name is "plan" or "plan-blocked")
        {
            await Assertions.Expect(page.Locator("#preflight")).ToContainTextAsync("checked");
        }

        if (name is "audit")
        {
            await Assertions.Expect(page.GetByText("Chain whole")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator(".audit tbody tr").First).ToBeVisibleAsync();
        }

        if (name is "run")
        {
            await Assertions.Expect(page.Locator(".log-line").First).ToBeVisibleAsync();
        }
    }
}
