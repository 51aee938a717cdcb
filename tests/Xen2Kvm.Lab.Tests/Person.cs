using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Xen2Kvm.Lab.Tests;

/// <summary>A person with a browser. With X2K_SCREENSHOTS=1 what is seen goes to docs/screenshots, else to artifacts/screenshots.</summary>
internal sealed class Person : IAsyncDisposable
{
    private const string Password = "correct horse battery staple";
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly IPage _page;
    private readonly Dashboard _dashboard;

    private Person(IPlaywright playwright, IBrowser browser, IPage page, Dashboard dashboard) =>
        (_playwright, _browser, _page, _dashboard) = (playwright, browser, page, dashboard);

    public static async Task<Person> OpenAsync(Dashboard dashboard)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = dashboard.Url, ViewportSize = new ViewportSize { Width = 1440, Height = 900 } });
        page.SetDefaultTimeout(120_000);
        Assertions.SetDefaultExpectTimeout(120_000);
        return new Person(playwright, browser, page, dashboard);
    }

    public async Task MakeFirstAdminAsync()
    {
        await _page.GotoAsync((await File.ReadAllTextAsync(Path.Combine(_dashboard.StateDirectory, "setup-link"))).Trim());
        await _page.GetByLabel("Name to sign in with").FillAsync("anna");
        await _page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await _page.GetByLabel("The same password again").FillAsync(Password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Make the admin and sign in" }).ClickAsync();
        await Assertions.Expect(_page.Locator("h1")).ToHaveTextAsync("Overview");
    }

    /// <summary>Opens a page and takes its picture in both themes.</summary>
    public async Task LookAtAsync(string name, string path)
    {
        await _page.GotoAsync(path);
        await _page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await PictureAsync(name);
    }

    public async Task PlanAndStartAsync(string guest, string ping, int port)
    {
        await _page.GotoAsync($"/plans/new?host=xen1&guest={guest}");
        await _page.GetByLabel("Address that must answer").FillAsync(ping);
        await _page.GetByLabel("Address that must answer").PressAsync("Tab");
        await _page.GetByLabel("TCP port that must answer").FillAsync($"{port}");
        await _page.GetByLabel("TCP port that must answer").PressAsync("Tab");
        await Assertions.Expect(_page).ToHaveURLAsync(new Regex($"port={port}"));

        // Emulated guests on a busy machine take their time.
        await _page.GetByLabel("Seconds for a clean shutdown").FillAsync("900");
        await _page.GetByLabel("Seconds for a clean shutdown").PressAsync("Tab");
        await Assertions.Expect(_page).ToHaveURLAsync(new Regex("900"));
        await Assertions.Expect(_page.Locator("table.compare").First).ToBeVisibleAsync();
        await PictureAsync("plan-new");
        await _page.Locator("[data-act=save-plan]").ClickAsync();
        await Assertions.Expect(_page).ToHaveURLAsync(new Regex("/plans/[0-9a-f-]{36}$"));
        await _page.Locator("[data-accept]").First.CheckAsync();
        await Assertions.Expect(_page.Locator("#preflight")).ToContainTextAsync("Accepted by anna");
        await PictureAsync("plan");
        await _page.Locator("[data-act=start]").ClickAsync();
        await _page.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(_page).ToHaveURLAsync(new Regex("/runs/[0-9a-f-]{36}"));
    }

    public async Task WatchToItsEndAsync()
    {
        var head = _page.Locator(".run-head");
        await Assertions.Expect(_page.Locator(".run-disks tbody tr").First).ToContainTextAsync(new Regex(@"([3-9][0-9]|100)\s*%"), new() { Timeout = 1_200_000 });
        await PictureAsync("run");
        await Assertions.Expect(head).ToContainTextAsync("Proven", new() { Timeout = 1_200_000 });
        await PictureAsync("run-done");
        await _page.ReloadAsync();
        await Assertions.Expect(head).ToContainTextAsync("Proven");
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }

    private async Task PictureAsync(string name)
    {
        var folder = Environment.GetEnvironmentVariable("X2K_SCREENSHOTS") == "1" ? "docs" : "artifacts";
        foreach (var theme in new[] { "light", "dark" })
        {
            await _page.EvaluateAsync($"() => document.documentElement.setAttribute('data-theme', '{theme}')");
            await _page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(Programs.Root, folder, "screenshots", $"lab-{name}-{theme}.png"), Animations = ScreenshotAnimations.Disabled,
            });
        }
    }
}
