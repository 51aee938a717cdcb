using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

/// <summary>What tests of accounts do again and again.</summary>
internal static class Persons
{
    /// <summary>A user of a role, as services know them.</summary>
    public static async Task<ClaimsPrincipal> PrincipalAsync(this Dashboard dashboard, string role)
    {
        var user = await dashboard.UserAsync(role);
        return SessionCookie.PrincipalOf(Guid.NewGuid(), new SessionHolder(user.Id, user.UserName!, role));
    }

    /// <summary>A further admin besides the one of <see cref="Dashboard.UserAsync"/>.</summary>
    public static async Task<ClaimsPrincipal> AdminAsync(this Dashboard dashboard, string name)
    {
        await using var scope = dashboard.App.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        var user = new AppUser { UserName = name, DisplayName = name, CreatedAt = DateTimeOffset.UtcNow };
        (await users.CreateAsync(user, Dashboard.Password)).Succeeded.ShouldBeTrue();
        (await users.AddToRoleAsync(user, Roles.Admin)).Succeeded.ShouldBeTrue();
        return SessionCookie.PrincipalOf(Guid.NewGuid(), new SessionHolder(user.Id, name, Roles.Admin));
    }

    /// <summary>Changes an account behind the back of the services.</summary>
    public static async Task AlterAsync(this Dashboard dashboard, string name, Action<AppUser> alter)
    {
        await using var scope = dashboard.App.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        var user = (await users.FindByNameAsync(name))!;
        alter(user);
        (await users.UpdateAsync(user)).Succeeded.ShouldBeTrue();
    }

    /// <summary>Signs in, and says where the answer leads.</summary>
    public static async Task<string> SignInAsync(this Browser browser, string userName, string password = Dashboard.Password) =>
        (await browser.PostFormAsync("/account/sign-in", ("userName", userName), ("password", password))).Headers.Location!.ToString();

    /// <summary>Sends the code that follows the password, and says where the answer leads.</summary>
    public static async Task<string> SendCodeAsync(this Browser browser, string code) =>
        (await browser.PostFormAsync("/account/code", ("code", code))).Headers.Location!.ToString();

    /// <summary>Sets a password under a link, and says where the answer leads.</summary>
    public static async Task<string> AcceptAsync(this Browser browser, Invitation invitation, string password = Dashboard.Password) =>
        (await browser.PostFormAsync("/account/invitation", ("token", invitation.Path.Split("token=")[1]), ("password", password))).Headers.Location!.ToString();

    /// <summary>Who the API takes this browser for; null for nobody.</summary>
    public static async Task<string?> WhoAsync(this Browser browser)
    {
        using var answer = await browser.Client.GetAsync("/api/v1/me", TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode
            ? JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["role"]!.GetValue<string>() : null;
    }

    /// <summary>The code that an app with this key shows at some time step from now on.</summary>
    public static string CodeOf(string key, int stepsFromNow = 0)
    {
        var bits = string.Concat(key.Select(letter => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        byte[] bytes = [.. Enumerable.Range(0, bits.Length / 8).Select(n => Convert.ToByte(bits.Substring(n * 8, 8), 2))];
        return Totp.CodeOf(bytes, Totp.StepOf(DateTimeOffset.UtcNow) + stepsFromNow);
    }
}
