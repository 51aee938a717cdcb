using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Domain.Preflight.Rules;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>The real dashboard on a loopback port, with a real database and scripted hosts. Its workers do not run: what is asked for stays as asked.</summary>
public sealed class Dashboard : IAsyncDisposable
{
    /// <summary>A password that the rules accept.</summary>
    public const string Password = "correct horse battery";

    private readonly string _state;

    private Dashboard(WebApplication app, FakeHosts hosts, string state) => (App, Hosts, _state) = (app, hosts, state);

    public WebApplication App { get; }

    public FakeHosts Hosts { get; }

    public string StateDirectory => _state;

    public Uri Address => new(App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<Dashboard> StartAsync(Database database, params (string Key, string Value)[] settings)
    {
        var hosts = new FakeHosts();
        var state = Directory.CreateTempSubdirectory("x2k-state-").FullName;
        var connection = await database.NewAsync();
        var app = DashboardHost.Build([], builder =>
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ConnectionStrings:Xen2Kvm"] = connection,
                ["Dashboard:StateDirectory"] = state,
                ["Dashboard:SignInAttemptsPerMinute"] = "1000",
                ["Dashboard:LocalToken"] = "true",
            });
            builder.Configuration.AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value));
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.RemoveAll<IPreflightRule>();
            builder.Services.RemoveAll<IGuestRule>();
            builder.Services.AddSingleton<IGuestRule, X05SharedDisk>();
            builder.Services.Replace(ServiceDescriptor.Singleton(hosts.Connector));
            foreach (var worker in builder.Services.Where(service => service.ImplementationType == typeof(RunWorker)
                || service.ImplementationType == typeof(InventoryWorker) || service.ImplementationType == typeof(WaveWorker) || service.ImplementationType == typeof(LimitWorker)
                || service.ImplementationType == typeof(CleanupWorker)).ToList())
            {
                builder.Services.Remove(worker);
            }
        });
        await DashboardHost.StartAsync(app, TestContext.Current.CancellationToken);
        return new Dashboard(app, hosts, state);
    }

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    /// <summary>A client without any credentials, which follows no redirect and keeps no cookie.</summary>
    public HttpClient Anonymous() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };

    /// <summary>A client with an API token of a role.</summary>
    public async Task<HttpClient> WithTokenAsync(string role, string scope = TokenScope.All, DateTimeOffset? expiresAt = null)
    {
        var owner = await UserAsync(role);
        var (_, plain) = await Get<IApiTokenStore>().CreateAsync($"test {role}", owner.UserName!, role, scope, null, expiresAt, CancellationToken.None);
        return WithToken(plain);
    }

    public HttpClient WithToken(string plain)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", plain);
        return client;
    }

    /// <summary>A user of a role, made when there is none.</summary>
    public Task<AppUser> UserAsync(string role) => UserAsync(role.ToLowerInvariant(), role);

    /// <summary>A user of a name, made with that role when there is none.</summary>
    public async Task<AppUser> UserAsync(string name, string role)
    {
        await using var scope = App.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        if (await users.FindByNameAsync(name) is { } known)
        {
            return known;
        }

        var user = new AppUser { UserName = name, DisplayName = role, CreatedAt = DateTimeOffset.UtcNow };
        (await users.CreateAsync(user, Password)).Succeeded.ShouldBeTrue();
        (await users.AddToRoleAsync(user, role)).Succeeded.ShouldBeTrue();
        return user;
    }

    /// <summary>A browser that has signed in as a user of a role.</summary>
    public async Task<Browser> SignedInAsync(string role)
    {
        var user = await UserAsync(role);
        var browser = new Browser(this);
        var response = await browser.PostFormAsync("/account/sign-in", ("userName", user.UserName!), ("password", Password));
        response.Headers.Location!.ToString().ShouldBe("/");
        return browser;
    }

    /// <summary>The token of the set-up link, as it lies in the state directory.</summary>
    public string SetupToken() => File.ReadAllText(Path.Combine(_state, "setup-link")).Trim().Split("token=")[1];

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(_state, recursive: true);
    }
}
