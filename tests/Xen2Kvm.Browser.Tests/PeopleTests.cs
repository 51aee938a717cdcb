using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Accounts as people live them: invited, with a second factor, and with rights that end while a page is open.</summary>
public sealed class PeopleTests(DashboardFixture dashboard)
{
    [Fact]
    public async Task Somebody_invited_sets_a_password_and_a_second_factor_and_signs_in_again_with_a_code()
    {
        var admin = await StartAsync("/people");
        var bob = await AcceptAsync(await InviteAsync(admin, "bob", Roles.Approver));
        await bob.GotoAsync("/account");
        await bob.GetByLabel("Your password").FillAsync(DashboardFixture.Password);
        await bob.Locator("[data-act=set-up-factor]").ClickAsync();
        var key = (await bob.Locator("[data-key]").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await Assertions.Expect(bob.GetByRole(AriaRole.Img, new() { Name = "The key as a picture" })).ToBeVisibleAsync();
        await bob.ShouldBeAccessibleAsync("second factor, offered");
        await bob.TakePictureAsync("second-factor-light", 1440);
        await bob.GetByLabel("Code").FillAsync(CodeOf(key, 0));
        await bob.Locator("[data-act=confirm-factor]").ClickAsync();
        await Assertions.Expect(bob.Locator("[data-recovery] li")).ToHaveCountAsync(10);
        await bob.ShouldBeAccessibleAsync("recovery codes");

        await bob.Locator(".topbar details.menu summary").Last.ClickAsync();
        await bob.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await bob.GetByLabel("Name").FillAsync("bob");
        await bob.GetByLabel("Password").FillAsync(DashboardFixture.Password);
        await bob.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(bob).ToHaveURLAsync(new Regex("/account/code"));
        await bob.GetByLabel("Code").FillAsync("123");
        await bob.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(bob.Locator(".note[role=alert]")).ToContainTextAsync("This code is not right");
        await bob.GetByLabel("Code").FillAsync(CodeOf(key, 1));
        await bob.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await bob.WaitForSelectorAsync(".frame");
        await bob.GotoAsync("/settings");
        await Assertions.Expect(bob.Locator("dl.facts")).ToContainTextAsync("Approver");
        await Assertions.Expect(bob.Locator(".rail a[href='/people']")).ToHaveCountAsync(0);

        await admin.ReloadAsync();
        await Assertions.Expect(admin.Locator("tr").Filter(new() { HasText = "bob" })).ToContainTextAsync("Active");
        await EndAsync(admin, bob);
    }

    [Fact]
    public async Task An_open_page_loses_what_its_person_loses_within_seconds()
    {
        var admin = await StartAsync("/people");
        var carl = await AcceptAsync(await InviteAsync(admin, "carl", Roles.Admin));
        await carl.GotoAsync("/people");
        await Assertions.Expect(carl.Locator("h1")).ToHaveTextAsync("People");

        await admin.GotoAsync("/people/carl");
        await admin.GetByLabel("Role for everything").SelectOptionAsync(Roles.Viewer);
        await admin.Locator("[data-act=set-role]").ClickAsync();
        await Assertions.Expect(carl).ToHaveURLAsync(new Regex("/account/denied"));
        await carl.GotoAsync("/hosts");
        await Assertions.Expect(carl.Locator("h1")).ToHaveTextAsync("Hosts");

        await admin.Locator("[data-act=disable]").ClickAsync();
        await Assertions.Expect(admin.GetByRole(AriaRole.Dialog)).ToContainTextAsync("All sessions of carl end");
        await admin.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(admin.Locator(".page-head")).ToContainTextAsync("Disabled");
        await Assertions.Expect(carl).ToHaveURLAsync(new Regex("/account/sign-in\\?returnUrl=%2Fhosts"));
        await EndAsync(admin, carl);
    }

    [Fact]
    public async Task A_session_that_is_signed_out_from_elsewhere_ends_at_the_sign_in()
    {
        var here = await StartAsync("/account");
        var there = await dashboard.OpenAsync();
        await there.GotoAsync("/guests");
        await there.WaitForSelectorAsync(".frame h1");
        await here.ReloadAsync();
        await Assertions.Expect(here.GetByText("This one")).ToHaveCountAsync(1);
        await here.Locator("[data-act=end-others]").ClickAsync();
        await Assertions.Expect(here.Locator("[data-act=end-others]")).ToHaveCountAsync(0);
        await Assertions.Expect(there).ToHaveURLAsync(new Regex("/account/sign-in\\?returnUrl=%2Fguests"));
        await Assertions.Expect(here.Locator("h1")).ToHaveTextAsync("Your account");
        await EndAsync(here, there);
    }

    private static async Task<string> InviteAsync(IPage admin, string name, string role)
    {
        await admin.GetByLabel("Name to sign in with").FillAsync(name);
        await admin.GetByLabel("Role").SelectOptionAsync(role);
        await admin.Locator("[data-act=invite]").ClickAsync();
        await Assertions.Expect(admin.Locator("[data-link]")).ToContainTextAsync("/account/invitation?token=");
        await admin.ShouldBeAccessibleAsync("a one-time link");
        return await admin.Locator("[data-link]").InnerTextAsync();
    }

    private async Task<IPage> AcceptAsync(string link)
    {
        var page = await dashboard.OpenAsync(null);
        await page.GotoAsync(link);
        await page.ShouldBeAccessibleAsync("set your password");
        await page.GetByLabel("Password", new() { Exact = true }).FillAsync(DashboardFixture.Password);
        await page.GetByLabel("The same password again").FillAsync(DashboardFixture.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Set the password and sign in" }).ClickAsync();
        await page.WaitForSelectorAsync(".frame");
        return page;
    }

    private static string CodeOf(string key, int stepsFromNow)
    {
        var bits = string.Concat(key.Select(letter => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        byte[] bytes = [.. Enumerable.Range(0, bits.Length / 8).Select(n => Convert.ToByte(bits.Substring(n * 8, 8), 2))];
        return Totp.CodeOf(bytes, Totp.StepOf(DateTimeOffset.UtcNow) + stepsFromNow);
    }

    private async Task<IPage> StartAsync(string path)
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.GotoAsync(path);
        await page.WaitForSelectorAsync(".frame h1");
        return page;
    }

    private async Task EndAsync(params IPage[] pages)
    {
        foreach (var page in pages)
        {
            await page.Context.CloseAsync();
        }

        dashboard.ShouldNotHaveComplaints();
    }
}
