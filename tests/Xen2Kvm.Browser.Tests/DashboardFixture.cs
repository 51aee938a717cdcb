using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Playwright;
using Npgsql;
using Xen2Kvm.Demo;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web;
using Xen2Kvm.Web.Auth;

[assembly: AssemblyFixture(typeof(Xen2Kvm.Browser.Tests.DashboardFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Xen2Kvm.Browser.Tests;

/// <summary>
/// The real dashboard with its real database, in this process; only the far side (hosts) answers from demo data and no worker runs.
/// The first admin is made in the browser with the one-time link, as a person would.
/// </summary>
public class DashboardFixture : IAsyncLifetime
{
    public const string Password = "correct horse battery";
    private readonly string _directory = Directory.CreateTempSubdirectory("x2k-browser-").FullName;
    private readonly CancellationTokenSource _end = new();
    private WebApplication? _app;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private Task _ticking = Task.CompletedTask;

    public string Address { get; private set; } = "";

    /// <summary>Problems that pages wrote to the browser's console, and requests that left this machine.</summary>
    public List<string> Complaints { get; } = [];

    internal DemoWorld World { get; private set; } = null!;

    internal IServiceProvider Services => _app!.Services;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows())
        {
            // The database server runs under another account and must be able to enter.
            File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        _app = DashboardHost.Build(
        [
            "--Urls", $"http://127.0.0.1:{Environment.GetEnvironmentVariable("X2K_DEMO_PORT") ?? "0"}", "--Embedded:DataDirectory", Path.Combine(_directory, "postgres"),
            "--Dashboard:StateDirectory", Path.Combine(_directory, "state"), "--Dashboard:SignInAttemptsPerMinute", "1000",
            "--Cleanup:HoldPeriod", "1.00:00:00",
            "--Logging:LogLevel:Default", "Warning",
        ], Configure);
        Directory.CreateDirectory(Path.Combine(_directory, "state"));
        await DashboardHost.StartAsync(_app, _end.Token);
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _playwright = await Playwright.CreateAsync();

        // Conditions are waited for; how long is no part of a test, and machines are shared.
        Assertions.SetDefaultExpectTimeout(20_000);
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("X2K_CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _ticking;
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync(CancellationToken.None);
            await _app.DisposeAsync();
        }

        _end.Dispose();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Fails when a page complained in the console or asked for anything beyond this dashboard.</summary>
    public void ShouldNotHaveComplaints()
    {
        lock (Complaints)
        {
            Complaints.ShouldBeEmpty();
        }
    }

    /// <summary>Takes a table, so that whoever writes it waits, and in the usual mode whoever reads it, too.</summary>
    internal async Task<TableLock> LockAsync(string table, string mode = "ACCESS EXCLUSIVE") => await TableLock.TakeAsync(
        await Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(TestContext.Current.CancellationToken), table, mode, TestContext.Current.CancellationToken);

    /// <summary>A fresh window; signed in when a name is given.</summary>
    public async Task<IPage> OpenAsync(string? user = "anna", int width = 1440, string theme = "light", int height = 900)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Address, ViewportSize = new ViewportSize { Width = width, Height = height }, TimezoneId = "Europe/Berlin",
            ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce, AcceptDownloads = true,
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(20_000);
        page.Console += (_, message) =>
        {
            // The lab coming up beside the tests changes this machine's interfaces, and Chromium then drops requests: no fault of a page.
            if (message.Type == "error" && !message.Text.Contains("ERR_NETWORK_CHANGED", StringComparison.Ordinal))
            {
                lock (Complaints)
                {
                    Complaints.Add($"{page.Url}: {message.Text}");
                }
            }
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
            {
                lock (Complaints)
                {
                    Complaints.Add($"{page.Url} asked for {request.Url}");
                }
            }
        };
        if (user is not null)
        {
            await SignInAsync(page, user);
        }

        return page;
    }

    /// <summary>Makes the first admin through the browser; the installation is still empty then.</summary>
    public async Task<IPage> MakeFirstAdminAsync()
    {
        var page = await OpenAsync(null);
        await page.GotoAsync(File.ReadAllText(Services.GetRequiredService<SetupLink>().FilePath).Trim());
        await page.GetByLabel("Name to sign in with").FillAsync("anna");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(Password);
        await page.GetByLabel("The same password again").FillAsync(Password);
        return page;
    }

    /// <summary>Adds hosts, plans, runs and a person who may only look; a copy goes on until the end.</summary>
    public async Task FillAsync()
    {
        if (World is not null)
        {
            return;
        }

        World = new DemoWorld(Services);
        await World.FillAsync(await ScreenAsync(), _end.Token);
        await using var scope = Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        foreach (var (name, role) in new[] { ("anna", Roles.Admin), ("petra", Roles.Approver), ("olga", Roles.Operator), ("vera", Roles.Viewer), ("otto", Roles.Viewer) })
        {
            if (await users.FindByNameAsync(name) is null)
            {
                var user = new AppUser { UserName = name, DisplayName = name, CreatedAt = DateTimeOffset.UtcNow };
                (await users.CreateAsync(user, Password)).Succeeded.ShouldBeTrue();
                await users.AddToRoleAsync(user, role);
            }
        }

        _ticking = TickAsync();
    }

    private static async Task SignInAsync(IPage page, string user)
    {
        await page.GotoAsync("/account/sign-in");
        await page.GetByLabel("Name").FillAsync(user);
        await page.GetByLabel("Password").FillAsync(Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.WaitForSelectorAsync(".frame");
    }

    // What a guest's text console looks like, drawn by the browser itself.
    private async Task<byte[]> ScreenAsync()
    {
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = 720, Height = 400 } });
        await page.SetContentAsync($"<body style='margin:0'><pre style='background:#000;color:#bbb;margin:0;padding:4px;height:400px;font:15px/16px monospace'>{System.Net.WebUtility.HtmlEncode(DemoFiles.Console.Replace("ttyS0\n", "tty1\n", StringComparison.Ordinal))}</pre>");
        var picture = await page.ScreenshotAsync();
        await page.CloseAsync();
        return picture;
    }

    private static void Configure(WebApplicationBuilder builder)
    {
        // No worker: the demo moves its one live run itself, and hosts are not asked on a schedule.
        foreach (var worker in builder.Services.Where(service => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType is { } type && (type == typeof(RunWorker) || type == typeof(WaveWorker) || type == typeof(LimitWorker) || type == typeof(CleanupWorker) || type.Name == "InventoryWorker")).ToList())
        {
            builder.Services.Remove(worker);
        }

        // A rehearsal looks for the agent's file, and never runs it.
        builder.Services.PostConfigure<RunOptions>(options => options.AgentPath = typeof(DashboardFixture).Assembly.Location);
        var connector = builder.Services.Last(service => service.ServiceType == typeof(IHostConnector));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostConnector>(services => new DemoConnector(
            services.GetRequiredService<IHostStore>(), (IHostConnector)Make(connector, services), services.GetRequiredService<TimeProvider>())));
    }

    private static object Make(ServiceDescriptor service, IServiceProvider services) =>
        service.ImplementationFactory?.Invoke(services) ?? service.ImplementationInstance ?? ActivatorUtilities.CreateInstance(services, service.ImplementationType!);

    private async Task TickAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                await World.TickAsync(_end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The tests are over.
        }
    }
}
