using Microsoft.Playwright;

namespace Xen2Kvm.Browser.Tests;

/// <summary>The first minute of a new installation, as a person lives it.</summary>
public sealed class FirstMinuteTests(EmptyDashboard dashboard) : IClassFixture<EmptyDashboard>
{
    [Fact]
    public async Task From_the_one_time_link_to_the_first_host_and_its_guests()
    {
        var page = await dashboard.MakeFirstAdminAsync();
        await page.ShouldBeAccessibleAsync("first admin");
        await page.TakePictureAsync("first-admin-light", 1440);
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the admin and sign in" }).ClickAsync();

        await Assertions.Expect(page.GetByText("Add your first Xen host")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Add your KVM host")).ToBeVisibleAsync();
        await page.ShouldBeAccessibleAsync("empty overview");
        await page.TakePictureAsync("empty-light", 1440);

        await page.Locator("[data-act=first-xen]").ClickAsync();
        await page.Locator("#host-address").FillAsync("192.0.2.99");
        await page.Locator("#host-auth").SelectOptionAsync("Ambient");
        await page.Locator("[data-act=read-key]").ClickAsync();
        await Assertions.Expect(page.Locator(".note[role=alert]").First).ToContainTextAsync("did not answer within 10 s");

        await page.Locator("#host-address").FillAsync("192.0.2.11");
        await page.Locator("#host-name").FillAsync("xen1");
        await page.Locator("[data-act=read-key]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-fingerprint]")).ToContainTextAsync("SHA256:");
        await Assertions.Expect(page.Locator("[data-act=add-host]")).ToBeDisabledAsync();
        await page.TakePictureAsync("host-key-light", 1440);
        await page.Locator("[name=confirm-key]").CheckAsync();
        await page.Locator("[data-act=add-host]").ClickAsync();

        await Assertions.Expect(page.GetByText("xl: command not found")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Install xen-utils on the host")).ToBeVisibleAsync();
        await page.ShouldBeAccessibleAsync("connection test");
        await page.TakePictureAsync("host-test-light", 1440);
        await page.Locator("[data-act=first-inventory]").ClickAsync();

        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("xen1");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "files", Exact = true })).ToBeVisibleAsync();

        // The set-up link works once; someone who is not signed in is sent to sign in, and back.
        var stranger = await dashboard.OpenAsync(null);
        await stranger.GotoAsync("/guests?host=xen1");
        await Assertions.Expect(stranger).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/account/sign-in\\?returnUrl="));
        await stranger.GetByLabel("Name").FillAsync("anna");
        await stranger.GetByLabel("Password").FillAsync("not the password");
        await stranger.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(stranger.Locator(".note[role=alert]")).ToContainTextAsync("Name or password is not right");
        await stranger.GetByLabel("Name").FillAsync("anna");
        await stranger.GetByLabel("Password").FillAsync(DashboardFixture.Password);
        await stranger.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(stranger).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/guests\\?host=xen1$"));
        dashboard.ShouldNotHaveComplaints();
    }
}
