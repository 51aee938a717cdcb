using System.Net;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class OwnAccountTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_password_asks_for_the_present_one_and_ends_the_other_sessions()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var here = await dashboard.SignedInAsync(Roles.Viewer);
        var me = await MeAsync(dashboard, Roles.Viewer);
        var there = await dashboard.SignedInAsync(Roles.Viewer);
        var account = dashboard.Get<OwnAccount>();
        (await Should.ThrowAsync<RefusedException>(account.ChangePasswordAsync(me, "a guess", "quite another one", Token))).Message.ShouldContain("not right");
        (await Should.ThrowAsync<RefusedException>(account.ChangePasswordAsync(me, Dashboard.Password, "short", Token))).Message.ShouldContain("12");
        (await there.WhoAsync()).ShouldBe(Roles.Viewer);

        await account.ChangePasswordAsync(me, Dashboard.Password, "quite another one", Token);
        (await here.WhoAsync()).ShouldBe(Roles.Viewer);
        (await there.WhoAsync()).ShouldBeNull();
        (await there.SignInAsync("viewer")).ShouldStartWith("/account/sign-in?error=wrong");
        (await there.SignInAsync("viewer", "quite another one")).ShouldBe("/");
    }

    [Fact]
    public async Task Guesses_in_an_open_session_are_counted_as_those_at_the_sign_in()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var me = await dashboard.PrincipalAsync(Roles.Viewer);
        for (var guess = 0; guess < 8; guess++)
        {
            await Should.ThrowAsync<RefusedException>(dashboard.Get<OwnAccount>().OfferSecondFactorAsync(me, $"guess {guess}", Token));
        }

        (await Should.ThrowAsync<RefusedException>(dashboard.Get<OwnAccount>().OfferSecondFactorAsync(me, Dashboard.Password, Token)))
            .Message.ShouldContain("Too many");
        (await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery(), 20, Token)).Count(entry => entry.Action == "user.password-refused").ShouldBe(9);
    }

    [Fact]
    public async Task With_a_second_factor_the_password_alone_lets_nobody_in_and_a_code_does_once()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (key, _) = await EnrolAsync(dashboard);
        var browser = new Browser(dashboard);
        (await browser.SignInAsync("viewer")).ShouldBe("/account/code?returnUrl=%2F");
        (await browser.WhoAsync()).ShouldBeNull();
        (await browser.SendCodeAsync("000000")).ShouldStartWith("/account/code?error=wrong-code");

        var code = Persons.CodeOf(key, 1);
        (await browser.SendCodeAsync(code)).ShouldBe("/");
        (await browser.WhoAsync()).ShouldBe(Roles.Viewer);

        var thief = new Browser(dashboard);
        await thief.SignInAsync("viewer");
        (await thief.SendCodeAsync(code)).ShouldStartWith("/account/code?error=wrong-code");
    }

    [Fact]
    public async Task Of_many_with_the_same_code_at_once_one_gets_in()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (key, recovery) = await EnrolAsync(dashboard);
        foreach (var code in new[] { Persons.CodeOf(key, 1), recovery[3] })
        {
            var browsers = Enumerable.Range(0, 5).Select(_ => new Browser(dashboard)).ToList();
            foreach (var browser in browsers)
            {
                await browser.SignInAsync("viewer");
            }

            var answers = await Task.WhenAll(browsers.Select(browser => browser.SendCodeAsync(code)));
            answers.Count(answer => answer == "/").ShouldBe(1);
        }
    }

    [Fact]
    public async Task Wrong_codes_count_for_the_lock_out_and_right_passwords_between_them_do_not_help()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (key, _) = await EnrolAsync(dashboard);
        var browser = new Browser(dashboard);
        var answer = "";
        for (var guess = 0; guess < 8; guess++)
        {
            await browser.SignInAsync("viewer");
            answer = await browser.SendCodeAsync($"00000{guess}");
        }

        answer.ShouldStartWith("/account/sign-in?error=locked");
        (await browser.SendCodeAsync(Persons.CodeOf(key, 1))).ShouldStartWith("/account/sign-in?error=locked");
        (await browser.SignInAsync("viewer")).ShouldStartWith("/account/sign-in?error=locked");
    }

    [Fact]
    public async Task A_recovery_code_works_once_and_only_its_hash_is_kept()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (key, codes) = await EnrolAsync(dashboard);
        codes.Count.ShouldBe(10);
        var browser = new Browser(dashboard);
        await browser.SignInAsync("viewer");
        (await browser.SendCodeAsync(codes[0].ToLowerInvariant().Replace('-', ' '))).ShouldBe("/");
        await browser.SignInAsync("viewer");
        (await browser.SendCodeAsync(codes[0])).ShouldStartWith("/account/code?error=wrong-code");
        (await dashboard.Get<OwnAccount>().GetSecondFactorAsync(await dashboard.PrincipalAsync(Roles.Viewer), Token)).RecoveryCodesLeft.ShouldBe(9);
        await dashboard.AlterAsync("viewer", user =>
        {
            user.RecoveryCodes.ShouldAllBe(hash => hash.Length == 64);
            user.SecondFactorKey!.ShouldNotContain(key);
        });
    }

    [Fact]
    public async Task New_recovery_codes_and_turning_it_off_ask_for_the_password()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (_, codes) = await EnrolAsync(dashboard);
        var (account, me) = (dashboard.Get<OwnAccount>(), await dashboard.PrincipalAsync(Roles.Viewer));
        await Should.ThrowAsync<RefusedException>(account.RenewRecoveryCodesAsync(me, "a guess", Token));
        await Should.ThrowAsync<RefusedException>(account.TurnSecondFactorOffAsync(me, "a guess", Token));
        await Should.ThrowAsync<RefusedException>(account.OfferSecondFactorAsync(me, Dashboard.Password, Token));
        var newer = await account.RenewRecoveryCodesAsync(me, Dashboard.Password, Token);
        newer.ShouldNotContain(codes[0]);
        var browser = new Browser(dashboard);
        await browser.SignInAsync("viewer");
        (await browser.SendCodeAsync(codes[0])).ShouldStartWith("/account/code?error=wrong-code");

        await account.TurnSecondFactorOffAsync(me, Dashboard.Password, Token);
        (await new Browser(dashboard).SignInAsync("viewer")).ShouldBe("/");
    }

    [Fact]
    public async Task A_key_counts_only_after_a_code_of_it()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (account, me) = (dashboard.Get<OwnAccount>(), await dashboard.PrincipalAsync(Roles.Viewer));
        await account.OfferSecondFactorAsync(me, Dashboard.Password, Token);
        await Should.ThrowAsync<RefusedException>(account.ConfirmSecondFactorAsync(me, "000000", Token));
        (await new Browser(dashboard).SignInAsync("viewer")).ShouldBe("/");
    }

    [Fact]
    public async Task A_right_password_that_waits_for_its_code_is_worthless_once_the_account_was_reset()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var (key, _) = await EnrolAsync(dashboard);
        var browser = new Browser(dashboard);
        (await browser.SendCodeAsync(Persons.CodeOf(key, 1))).ShouldStartWith("/account/sign-in?error=late");
        await browser.SignInAsync("viewer");
        var admin = await dashboard.PrincipalAsync(Roles.Admin);
        var link = await dashboard.Get<People>().ResetPasswordAsync("viewer", admin, Token);
        (await browser.SendCodeAsync(Persons.CodeOf(key, 1))).ShouldStartWith("/account/sign-in?error=late");

        // A new password does not do without the second factor; only an admin's reset of that does.
        (await browser.AcceptAsync(link)).ShouldStartWith("/account/code");
        (await browser.SendCodeAsync(Persons.CodeOf(key, 1))).ShouldBe("/");
        await dashboard.Get<People>().ResetSecondFactorAsync("viewer", admin, Token);
        (await browser.WhoAsync()).ShouldBeNull();
        (await browser.SignInAsync("viewer")).ShouldBe("/");
    }

    [Fact]
    public async Task Sessions_are_listed_with_address_and_browser_and_end_one_by_one_or_all_others_at_once()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var here = await dashboard.SignedInAsync(Roles.Viewer);
        var me = await MeAsync(dashboard, Roles.Viewer);
        var account = dashboard.Get<OwnAccount>();
        var second = new Browser(dashboard);
        second.Client.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        await second.SignInAsync("viewer");
        var third = await dashboard.SignedInAsync(Roles.Viewer);
        var foreign = await dashboard.SignedInAsync(Roles.Operator);

        var listed = await account.ListSessionsAsync(me, Token);
        listed.Count.ShouldBe(3);
        listed.ShouldAllBe(session => session.Address == "127.0.0.1");
        await account.EndSessionAsync(me, listed.Single(session => session.UserAgent.Contains("Firefox")).Id, Token);
        (await second.WhoAsync()).ShouldBeNull();
        (await third.WhoAsync()).ShouldBe(Roles.Viewer);

        var theirs = (await account.ListSessionsAsync(await dashboard.PrincipalAsync(Roles.Operator), Token)).Single();
        await account.EndSessionAsync(me, theirs.Id, Token);
        (await foreign.WhoAsync()).ShouldBe(Roles.Operator, "only one's own sessions can be ended");

        await account.EndOtherSessionsAsync(me, Token);
        (await third.WhoAsync()).ShouldBeNull();
        (await here.WhoAsync()).ShouldBe(Roles.Viewer);
        (await account.ListSessionsAsync(me, Token)).Single().Id.ShouldBe(me.SessionId()!.Value);
    }

    [Fact]
    public async Task A_session_that_was_signed_out_is_over_for_a_copy_of_its_cookie_too()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Viewer);
        var cookie = browser.Cookies.Single(one => one.Name == "x2k-session").Value;
        await browser.PostFormAsync("/account/sign-out");
        using var thief = dashboard.Anonymous();
        thief.DefaultRequestHeaders.Add("Cookie", $"x2k-session={cookie}");
        (await thief.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<System.Security.Claims.ClaimsPrincipal> MeAsync(Dashboard dashboard, string role)
    {
        var user = await dashboard.UserAsync(role);
        var session = (await dashboard.Get<ISessionStore>().ListAsync(user.Id, Token)).Single();
        return SessionCookie.PrincipalOf(session.Id, new SessionHolder(user.Id, user.UserName!, role));
    }

    private static async Task<(string Key, IReadOnlyList<string> Recovery)> EnrolAsync(Dashboard dashboard)
    {
        var (account, me) = (dashboard.Get<OwnAccount>(), await dashboard.PrincipalAsync(Roles.Viewer));
        var offer = await account.OfferSecondFactorAsync(me, Dashboard.Password, Token);
        offer.Address.ShouldBe($"otpauth://totp/Xen2Kvm:viewer?secret={offer.Key}&issuer=Xen2Kvm&algorithm=SHA1&digits=6&period=30");
        return (offer.Key, await account.ConfirmSecondFactorAsync(me, Persons.CodeOf(offer.Key), Token));
    }
}
