using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Xen2Kvm.Lab.Tests;

/// <summary>A person with a browser. With X2K_SCREENSHOTS=1 what is seen goes to docs/screenshots.</summary>
internal sealed class Person : IAsyncDisposable
{
    private const string Password = "correct horse battery staple";
    private static readonly bool TakesPictures = Environment.GetEnvironmentVariable("X2K_SCREENSHOTS") == "1";
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

    /// <summary>Signs in as the first admin, who is made when there is none.</summary>
    public async Task EnterAsync()
    {
        if (File.Exists(Path.Combine(_dashboard.StateDirectory, "setup-link")))
        {
            await MakeFirstAdminAsync();
            return;
        }

        await _page.GotoAsync("/account/sign-in");
        await _page.GetByLabel("Name").FillAsync("anna");
        await _page.GetByLabel("Password").FillAsync(Password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await _page.WaitForSelectorAsync(".frame");
    }

    /// <summary>Limits what leaves and reaches a host, at all times.</summary>
    public async Task LimitAsync(string host, string megabytesPerSecond)
    {
        await _page.GotoAsync("/settings/limits?add=yes");
        await _page.GetByLabel("MB/s").FillAsync(megabytesPerSecond);
        await _page.GetByLabel("Where").SelectOptionAsync(host);
        await _page.Locator("[data-act=save-limit]").ClickAsync();
        await Assertions.Expect(_page.GetByLabel($"Remove {host}: {megabytesPerSecond} MB/s")).ToBeVisibleAsync();
    }

    /// <summary>Lets no run begin, at all times.</summary>
    public async Task ForbidRunsAsync()
    {
        await _page.GotoAsync("/settings/limits?add=yes");
        await _page.GetByLabel("What", new() { Exact = true }).SelectOptionAsync("Runs");
        await _page.GetByLabel("Runs at once").FillAsync("0");
        await _page.Locator("[data-act=save-limit]").ClickAsync();
        await Assertions.Expect(_page.GetByLabel("Remove everywhere: no run starts")).ToBeVisibleAsync();
    }

    /// <summary>Takes a limit away, by where it counts and what it says.</summary>
    public async Task UnlimitAsync(string limit)
    {
        await _page.GotoAsync("/settings/limits");
        await _page.GetByLabel($"Remove {limit}").ClickAsync();
        await _page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove the limit" }).ClickAsync();
        await Assertions.Expect(_page.GetByLabel($"Remove {limit}")).ToBeHiddenAsync();
    }

    /// <summary>The list of runs says where the run of a guest is.</summary>
    public async Task ExpectRunAsync(string guest, string where)
    {
        await _page.GotoAsync("/runs");
        await Assertions.Expect(_page.Locator("tbody tr", new() { HasText = guest }).First).ToContainTextAsync(where);
    }

    /// <summary>Looks at a cleanup that another person proposed, and approves it.</summary>
    public async Task ApproveCleanupAsync(Guid cleanup)
    {
        await _page.GotoAsync($"/cleanup/{cleanup}");
        await Assertions.Expect(_page.Locator("[data-act=approve]")).ToBeEnabledAsync();
        await PictureAsync("cleanup");
        await _page.Locator("[data-act=approve]").ClickAsync();
        await Assertions.Expect(_page.Locator(".page-head")).ToContainTextAsync("Approved");
    }

    /// <summary>Opens a page and takes its picture in both themes, when pictures are wanted.</summary>
    public async Task LookAtAsync(string name, string path)
    {
        if (!TakesPictures)
        {
            return;
        }

        await _page.GotoAsync(path);
        await _page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await PictureAsync(name);
    }

    /// <summary>Invites somebody; the link is for them.</summary>
    public async Task<string> InviteAsync(string name, string role)
    {
        await _page.GotoAsync("/people");
        await _page.GetByLabel("Name to sign in with").FillAsync(name);
        await _page.GetByLabel("Role").SelectOptionAsync(role);
        await _page.Locator("[data-act=invite]").ClickAsync();
        await Assertions.Expect(_page.Locator("[data-link]")).ToContainTextAsync("/account/invitation?token=");
        return await _page.Locator("[data-link]").InnerTextAsync();
    }

    public async Task AcceptInvitationAsync(string link)
    {
        await _page.GotoAsync(link);
        await _page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await _page.GetByLabel("The same password again").FillAsync(Password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }).ClickAsync();
        await _page.WaitForSelectorAsync(".frame");
    }

    /// <summary>Makes a draft from a sheet, in a window that is open now.</summary>
    public async Task<Guid> PlanWaveAsync(string name, string csv)
    {
        await _page.GotoAsync("/waves/new");
        await Assertions.Expect(_page.Locator(".sheet tbody tr[data-guest]")).ToHaveCountAsync(3);
        await _page.Locator("#sheet-file").SetInputFilesAsync(new FilePayload { Name = "wave.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(csv) });
        await Assertions.Expect(_page.Locator(".page-head")).ToContainTextAsync("3 of 3 guests chosen");
        await _page.GetByLabel("Name of the wave").FillAsync(name);
        await _page.GetByLabel("Name of the wave").PressAsync("Tab");
        await PictureAsync("wave-new");
        await _page.Locator("[data-act=create-wave]").ClickAsync();
        await Assertions.Expect(_page).ToHaveURLAsync(new Regex("/waves/[0-9a-f-]{36}"));
        var opened = DateTime.UtcNow.AddMinutes(-2);
        await _page.Locator("[data-act=add-window]").ClickAsync();
        foreach (var (label, value) in new[]
        {
            ("Day", $"{opened:yyyy-MM-dd}"), ("At", $"{opened:HH:mm}"), ("For minutes", "240"), ("Time zone", "UTC"), ("Pause after failures", "2"), ("Approvers", "2"),
        })
        {
            await _page.GetByLabel(label, new() { Exact = true }).FillAsync(value);
            await _page.GetByLabel(label, new() { Exact = true }).PressAsync("Tab");
        }

        await _page.Locator("[data-act=save-wave]").ClickAsync();
        await Assertions.Expect(_page.GetByText("Saved.")).ToBeVisibleAsync();
        return Guid.Parse(Regex.Match(_page.Url, "/waves/([0-9a-f-]{36})").Groups[1].Value);
    }

    /// <summary>Has every plan checked, accepts the warnings with a reason, and submits.</summary>
    public async Task AcceptAndSubmitAsync(string reason)
    {
        await _page.Locator("[data-tab=plans]").ClickAsync();
        await _page.Locator("[data-act=check-all]").ClickAsync();
        await Assertions.Expect(_page.Locator("[data-act=accept]").First).ToBeVisibleAsync();
        await _page.GetByLabel("Why warnings may be accepted").FillAsync(reason);
        for (var left = await _page.Locator("[data-act=accept]").CountAsync(); left > 0; left--)
        {
            await _page.Locator("[data-act=accept]").First.ClickAsync();
            await Assertions.Expect(_page.Locator("[data-act=accept]")).ToHaveCountAsync(left - 1);
        }

        await PictureAsync("wave-draft");
        await SubmitAgainAsync();
    }

    public async Task SubmitAgainAsync()
    {
        await _page.Locator("[data-act=submit]").ClickAsync();
        await Assertions.Expect(_page.Locator(".page-head")).ToContainTextAsync("Needs approval");
    }

    public async Task ApproveAsync(Guid wave)
    {
        await _page.GotoAsync($"/waves/{wave}?tab=approval");
        await Assertions.Expect(_page.Locator("[data-act=approve]")).ToBeEnabledAsync();
        await _page.Locator(".dossier summary").First.ClickAsync();
        await PictureAsync("wave-approval");
        await _page.Locator("[data-act=approve]").ClickAsync();
        await Assertions.Expect(_page.Locator("[data-act=approve]:enabled")).ToHaveCountAsync(0);
    }

    /// <summary>The page that is open shows, without being loaded again, that a guest is not as it was approved.</summary>
    public async Task ExpectDriftAsync(string guest)
    {
        await Assertions.Expect(_page.Locator("table.drift")).ToContainTextAsync(guest);
        await Assertions.Expect(_page.Locator(".page-head")).ToContainTextAsync("Draft");
        await PictureAsync("wave-drift");
    }

    public async Task ReadReportAsync(Guid wave, params string[] told)
    {
        await _page.GotoAsync($"/waves/{wave}/report");
        foreach (var text in told)
        {
            await Assertions.Expect(_page.Locator("body")).ToContainTextAsync(text);
        }

        await PictureAsync("wave-report");
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }

    private async Task PictureAsync(string name)
    {
        if (!TakesPictures)
        {
            return;
        }

        foreach (var theme in new[] { "light", "dark" })
        {
            await _page.EvaluateAsync($"() => document.documentElement.setAttribute('data-theme', '{theme}')");
            await _page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(Programs.Root, "docs", "screenshots", $"lab-{name}-{theme}.png"), Animations = ScreenshotAnimations.Disabled,
            });
        }
    }
}
