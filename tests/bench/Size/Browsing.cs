using Microsoft.Playwright;

namespace Xen2Kvm.Bench;

/// <summary>A real Chromium in which the person is signed in.</summary>
internal sealed class Browsing : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly Uri _address;

    private Browsing(IPlaywright playwright, IBrowser browser, Uri address) => (_playwright, _browser, _address) = (playwright, browser, address);

    /// <summary>Starts Chromium.</summary>
    public static async Task<Browsing> StartAsync(Uri address)
    {
        var playwright = await Playwright.CreateAsync();
        return new Browsing(
            playwright,
            await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Environment.GetEnvironmentVariable("X2K_CHROMIUM") ?? "/usr/bin/chromium",
                Args = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-background-timer-throttling", "--disable-renderer-backgrounding"],
            }),
            address);
    }

    /// <summary>A window of its own, signed in.</summary>
    public async Task<IPage> OpenAsync()
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = _address.ToString(), ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(120_000);
        await page.GotoAsync("/account/sign-in");
        await page.GetByLabel("Name").FillAsync(Installation.Person);
        await page.GetByLabel("Password").FillAsync(Installation.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForSelectorAsync(".frame");
        return page;
    }

    /// <summary>
    /// Does something in the page and waits until what a script says differs from before and satisfies a condition; milliseconds by the page's own clock.
    /// </summary>
    /// <param name="page">The page.</param>
    /// <param name="act">JavaScript that acts.</param>
    /// <param name="done">JavaScript expression that is true when it is drawn.</param>
    public static Task<double> TimeAsync(IPage page, string act, string done) => page.EvaluateAsync<double>($$"""
        () => new Promise((resolve, reject) => {
            const begin = performance.now();
            const end = () => { if ({{done}}) { watch.disconnect(); resolve(performance.now() - begin); return true; } };
            const watch = new MutationObserver(end);
            watch.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
            setTimeout(() => { watch.disconnect(); reject(new Error('waited in vain: ' + document.body.innerText.slice(0, 300))); }, 100000);
            {{act}};
            end();
        })
        """);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _playwright.Dispose();
    }
}
