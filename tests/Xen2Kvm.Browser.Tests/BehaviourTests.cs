using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Browser.Tests;

/// <summary>What only a browser can show: addresses, keys, following a log, two windows, themes.</summary>
public sealed class BehaviourTests(DashboardFixture dashboard)
{
    [Fact]
    public async Task The_filter_of_the_guests_is_in_the_address_and_in_the_csv()
    {
        var page = await StartAsync("/guests");
        await page.Locator("select[aria-label=Kind]").SelectOptionAsync("HVM");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("kind=HVM"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Name", Exact = true }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("sort=Name"));

        // The address changes before the table does.
        await page.WaitForFunctionAsync("() => { const names = [...document.querySelectorAll('.guest-table tbody td:first-child a')].map(a => a.innerText); return names.length > 0 && names.every((name, i) => i === 0 || names[i - 1] <= name); }");
        var names = await page.Locator(".guest-table tbody td:first-child a").AllInnerTextsAsync();
        names.ShouldNotBeEmpty();
        names.ShouldBe(names.Order());
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".guest-table tbody td:first-child a")).ToHaveCountAsync(names.Count);
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("[data-act=csv]").ClickAsync());
        var csv = await File.ReadAllTextAsync((await download.PathAsync())!, TestContext.Current.CancellationToken);
        csv.TrimEnd().Split('\n').Length.ShouldBe(names.Count + 1);
        await EndAsync(page);
    }

    [Fact]
    public async Task Guests_with_blockers_are_found_by_address_and_their_card_says_what_to_do()
    {
        var page = await StartAsync("/guests");
        await page.Locator("select[aria-label=Concerns]").SelectOptionAsync("blockers");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("concerns=blockers"));
        await Assertions.Expect(page.Locator(".guest-table tbody td:first-child a")).ToHaveTextAsync(["old"]);
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".guest-table tbody td:first-child a")).ToHaveTextAsync(["old"]);
        await Assertions.Expect(page.Locator(".guest-table .concern-marks")).ToContainTextAsync("2 blockers");
        await page.Locator(".guest-table tbody td:first-child a").ClickAsync();
        await Assertions.Expect(page.Locator("#concerns .concern").First).ToContainTextAsync("Blocker");
        await Assertions.Expect(page.Locator("#concerns")).ToContainTextAsync("vtpm = ['backend=0']");
        await Assertions.Expect(page.Locator("#concerns")).ToContainTextAsync("What to do:");
        await EndAsync(page);
    }

    [Fact]
    public async Task Another_inventory_is_shown_at_once_and_the_answer_to_an_act_stays()
    {
        var page = await StartAsync(() => $"/hosts/{dashboard.World.Xen1.Id}");
        await page.Locator("[data-act=remove]").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove xen1" }).ClickAsync();
        var answer = page.Locator(".note[role=alert]", new() { HasText = "needs xen1. Let it end or roll it back first." });
        await Assertions.Expect(answer).ToBeVisibleAsync();
        var hosts = dashboard.Services.GetRequiredService<IHostStore>();
        var before = (await hosts.GetSnapshotAsync(dashboard.World.Xen1.Id, TestContext.Current.CancellationToken))!;
        try
        {
            await hosts.SaveSnapshotAsync(dashboard.World.Xen1.Id, before with { Problems = ["read a moment ago"] }, [], TestContext.Current.CancellationToken);
            await Assertions.Expect(page.Locator(".note.tone-amber")).ToContainTextAsync("read a moment ago");
            await Assertions.Expect(answer).ToBeVisibleAsync();
        }
        finally
        {
            await hosts.SaveSnapshotAsync(dashboard.World.Xen1.Id, before, [], TestContext.Current.CancellationToken);
        }

        await EndAsync(page);
    }

    [Fact]
    public async Task What_changes_while_a_page_is_opened_is_not_missed()
    {
        var token = TestContext.Current.CancellationToken;
        await dashboard.FillAsync();
        var (hosts, host) = (dashboard.Services.GetRequiredService<IHostStore>(), dashboard.World.Xen1.Id);
        var page = await dashboard.OpenAsync();
        try
        {
            // The page has read whether the host answers, and reads on.
            await using (var differences = await dashboard.LockAsync("host_differences"))
            {
                await page.GotoAsync($"/hosts/{host}");
                await differences.WantedAsync();
                await hosts.SetUnreachableAsync(host, DateTimeOffset.UtcNow, "it went a moment ago", token);
            }

            await Assertions.Expect(page.Locator(".note[role=alert]")).ToContainTextAsync("it went a moment ago");
        }
        finally
        {
            await hosts.SetSeenAsync(host, DateTimeOffset.UtcNow, token);
        }

        await EndAsync(page);
    }

    [Fact]
    public async Task A_start_says_before_and_in_its_dialog_how_long_the_guest_will_be_down()
    {
        var page = await StartAsync(() => $"/plans/{dashboard.World.OpenPlan}");
        await Assertions.Expect(page.Locator(".act-bar")).ToContainTextAsync(new Regex(@"Projected downtime \d+–\d+ (s|min), from \d+ earlier runs from xen1 to kvm1"));
        await page.Locator("[data-act=start]").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Projected downtime");
        await page.GetByRole(AriaRole.Button, new() { Name = "Not now" }).ClickAsync();
        await EndAsync(page);
    }

    [Fact]
    public async Task A_plan_is_rehearsed_with_every_command_before_anything_is_changed()
    {
        var page = await StartAsync(() => $"/plans/{dashboard.World.OpenPlan}");
        await page.Locator("[data-act=rehearse]").ClickAsync();
        var panel = page.Locator("#rehearsal");
        await Assertions.Expect(panel.Locator("[role=status]")).ToContainTextAsync(new Regex(@"\d+ commands would change something; none of them was run"));
        await Assertions.Expect(panel.Locator(".rehearsal > li")).ToHaveCountAsync(10);
        await Assertions.Expect(panel.Locator(".command > summary").Filter(new() { HasText = "-- shutdown " })).ToContainTextAsync("changes");
        await panel.Locator("details.command summary").First.ClickAsync();
        await Assertions.Expect(panel.Locator("details.command pre").First).ToContainTextAsync("# ");
        await page.ShouldBeAccessibleAsync("a rehearsal");
        await page.SetViewportSizeAsync(480, 900);
        await page.ShouldFitAsync("a rehearsal at 480");
        await EndAsync(page);
    }

    [Fact]
    public async Task Keys_go_to_pages_open_search_and_help()
    {
        var page = await StartAsync("/");
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("h");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Hosts");
        await Assertions.Expect(page.Locator("h1")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("/");
        await Assertions.Expect(page.Locator("#search")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("fil");
        await Assertions.Expect(page.Locator("#search-results")).ToContainTextAsync("guest on xen1");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("files");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_long_log_opens_at_its_end_shows_earlier_lines_when_asked_and_is_searched_as_a_whole()
    {
        await dashboard.FillAsync();
        await dashboard.Services.GetRequiredService<IRunStore>().AppendLogAsync(
            dashboard.World.Runs["done-2"], [.. Enumerable.Range(1, 2500).Select(number => new RunLogEntry(DateTimeOffset.UtcNow, "copy", RunLogLevel.Info, $"Block {number}."))],
            TestContext.Current.CancellationToken);
        var page = await StartAsync(() => Run("done-2"));
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("Block 2500.");
        await Assertions.Expect(page.Locator(".log-count")).ToContainTextAsync("2,000+ of");

        // Not among the lines that are shown: the ledger finds it.
        await page.GetByLabel("Search the log").FillAsync("BLOCK 7.");
        await Assertions.Expect(page.Locator(".log-line")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("Block 7.");
        await page.GetByLabel("Search the log").FillAsync("");
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("Block 2500.");
        await page.Locator("[data-act=earlier]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-act=earlier]")).ToHaveCountAsync(0);
        await page.Locator(".log").EvaluateAsync("e => { e.scrollTop = 0; }");
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("Started by anna");

        // A line has an address; whoever opens it sees that line and what stands around it, and nothing is drawn beneath it that is not next to it.
        await page.Locator(".log-line", new() { HasText = "Block 7." }).Locator("a.at").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("line=[0-9]+"));
        await Assertions.Expect(page.Locator(".log-line.linked")).ToContainTextAsync("Block 7.");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".log-line.linked")).ToBeInViewportAsync();
        await Assertions.Expect(page.Locator(".log")).Not.ToContainTextAsync("Block 2500.");
        await page.Locator(".log-new").ClickAsync();
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("Block 2500.");
        await Assertions.Expect(page).Not.ToHaveURLAsync(new Regex("line="));

        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GetByLabel("Search the log").FillAsync("Block 250");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("q=Block"));
        await page.Locator("[data-menu=copy] summary").ClickAsync();
        await page.GetByText("Text only").ClickAsync();
        await Assertions.Expect(page.Locator("#copy-status")).ToHaveTextAsync("Copied 2 lines");
        (await page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).ShouldBe("Block 250.\nBlock 2500.\n");
        await EndAsync(page);
    }

    [Fact]
    public async Task The_log_follows_until_the_reader_scrolls_up_and_a_step_filters_it_by_address()
    {
        var page = await StartAsync(() => Run("running"));
        var log = page.Locator(".log");
        await Assertions.Expect(page.Locator(".log-line").First).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => { const e = document.querySelector('.log'); return e.scrollTop > 0 && e.scrollHeight - e.scrollTop - e.clientHeight < 30; }");
        await log.HoverAsync();
        await page.Mouse.WheelAsync(0, -900);
        await Assertions.Expect(page.Locator(".log-new")).ToContainTextAsync(new Regex("new line"), new() { Timeout = 15_000 });

        // The wheel scrolls smoothly: the reader's place is where it comes to rest, and there it stays while lines arrive.
        await page.WaitForFunctionAsync("() => new Promise(done => { const e = document.querySelector('.log'); const at = e.scrollTop; setTimeout(() => done(e.scrollTop === at), 300); })");
        var before = await log.EvaluateAsync<double>("e => e.scrollTop");
        var lines = await page.Locator(".log-count").InnerTextAsync();
        await Assertions.Expect(page.Locator(".log-count")).Not.ToHaveTextAsync(lines);
        await Assertions.Expect(page.Locator(".log-count")).Not.ToHaveTextAsync(await page.Locator(".log-count").InnerTextAsync());
        (await log.EvaluateAsync<double>("e => e.scrollTop")).ShouldBe(before, 1.0);
        await page.Locator(".log-new").ClickAsync();
        await Assertions.Expect(page.Locator(".log-new")).ToBeHiddenAsync();

        await page.Locator("[data-step=stop]").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("step=stop"));
        await Assertions.Expect(log).ToContainTextAsync("files was asked to shut down");
        await Assertions.Expect(log).Not.ToContainTextAsync("gone through");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("files was asked to shut down");
        await Assertions.Expect(page.Locator(".log")).Not.ToContainTextAsync("gone through");
        await EndAsync(page);
    }

    [Fact]
    public async Task Nothing_moves_while_the_copy_ticks()
    {
        var page = await StartAsync(() => Run("running"));
        await Assertions.Expect(page.Locator(".run-disks tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".log-line").First).ToBeVisibleAsync();
        await page.WaitForTimeoutAsync(800);
        const string places = "() => ['.run-head .acts', '.run-times', '.pipeline', '.run-disks', '.run-chart', '.log-panel'].map(s => { const r = document.querySelector(s).getBoundingClientRect(); return [r.left, r.top, r.width].join(); }).join(' ')";
        var before = await page.EvaluateAsync<string>(places);
        var share = await page.Locator(".run-disks tbody tr").Nth(1).InnerTextAsync();
        await Assertions.Expect(page.Locator(".run-disks tbody tr").Nth(1)).Not.ToHaveTextAsync(share, new() { Timeout = 15_000 });
        await page.WaitForTimeoutAsync(3000);
        (await page.EvaluateAsync<string>(places)).ShouldBe(before);
        await EndAsync(page);
    }

    [Fact]
    public async Task An_answer_in_one_window_is_seen_in_another()
    {
        var one = await StartAsync(() => Run("needs-answer"));
        var other = await StartAsync(() => Run("needs-answer"), "vera");
        await Assertions.Expect(other.Locator("[data-act=answer-wait]")).ToBeDisabledAsync();
        await Assertions.Expect(other.GetByText("Nothing moves until the question below is answered.")).ToBeVisibleAsync();
        await one.Locator("[data-act=answer-wait]").ClickAsync();
        await Assertions.Expect(one.Locator(".question")).ToBeHiddenAsync();
        await Assertions.Expect(other.Locator(".question")).ToBeHiddenAsync();
        await EndAsync(one);
        await EndAsync(other);
    }

    [Fact]
    public async Task A_roll_back_says_what_it_does_and_keeps_the_disks_unless_asked()
    {
        var page = await StartAsync(() => Run("done"));
        await page.Locator("[data-act=roll-back]").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog).ToContainTextAsync("since the cutover");
        await Assertions.Expect(dialog).ToContainTextAsync("is lost");
        await Assertions.Expect(dialog.Locator("[name=option]")).Not.ToBeCheckedAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Keep everything as it is" }).ClickAsync();
        await Assertions.Expect(page.Locator(".run-head")).ToContainTextAsync("Proven");
        await EndAsync(page);
    }

    [Fact]
    public async Task The_wizard_shows_each_choice_at_once_and_its_plan_is_checked()
    {
        var page = await StartAsync("/plans/new?host=xen1&guest=crm");
        await page.GetByLabel("Name on KVM").FillAsync("crm-new");
        await page.GetByLabel("Name on KVM").PressAsync("Tab");
        await Assertions.Expect(page.Locator("table.compare tr.changed").Filter(new() { HasText = "crm-new" })).ToBeVisibleAsync();
        await page.GetByLabel("Storage").SelectOptionAsync("default");
        await page.GetByText("qcow2", new() { Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".disk-map")).ToContainTextAsync("crm-new-vda.qcow2");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("format=qcow2"));
        await page.GetByLabel("TCP port that must answer").FillAsync("99999");
        await page.GetByLabel("TCP port that must answer").PressAsync("Tab");
        await Assertions.Expect(page.Locator(".note[role=alert]").First).ToContainTextAsync("Give a TCP port from 1 to 65535");
        await page.GetByLabel("TCP port that must answer").FillAsync("80");
        await page.GetByLabel("TCP port that must answer").PressAsync("Tab");
        await page.GetByText("libvirt XML of crm-new").ClickAsync();
        await Assertions.Expect(page.Locator("details.xml pre")).ToContainTextAsync("<name>crm-new</name>");
        await page.Locator("[data-act=save-plan]").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/plans/[0-9a-f-]{36}$"));
        await Assertions.Expect(page.Locator("#preflight")).ToContainTextAsync("checked");
        await Assertions.Expect(page.Locator("[data-act=start]")).ToContainTextAsync("Start: stop crm on xen1 and move it to kvm1");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_plan_saved_right_after_a_choice_holds_that_choice()
    {
        var page = await StartAsync("/plans/new?host=xen1&guest=crm");
        await Assertions.Expect(page.Locator("table.compare").First).ToBeVisibleAsync();

        // One after the other without waiting, as fast hands do; the answers come in whatever order.
        await page.GetByLabel("Memory in MiB").FillAsync("777");
        await page.GetByLabel("vCPU").FillAsync("3");
        await page.GetByLabel("Name on KVM").FillAsync("crm-last");
        await page.Locator("[data-act=save-plan]").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/plans/[0-9a-f-]{36}$"));
        await Assertions.Expect(page.Locator("table.compare").First).ToContainTextAsync("777 MiB");
        await Assertions.Expect(page.Locator("table.compare tr.changed").Filter(new() { HasText = "crm-last" })).ToBeVisibleAsync();
        await EndAsync(page);
    }

    [Fact]
    public async Task A_warning_is_accepted_by_name_and_a_blocker_cannot_be()
    {
        var page = await StartAsync(() => $"/plans/{dashboard.World.BlockedPlan}");
        var accept = page.Locator("[data-accept]").First;
        if (await accept.IsEnabledAsync())
        {
            await accept.CheckAsync();
        }

        await Assertions.Expect(page.Locator("#preflight")).ToContainTextAsync("Accepted by anna");
        await Assertions.Expect(page.Locator("[data-act=start]")).ToBeDisabledAsync();
        await EndAsync(page);
    }

    [Fact]
    public async Task The_theme_is_kept_and_known_before_the_first_paint()
    {
        var page = await StartAsync("/settings");
        await page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Dark" }).ClickAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.GotoAsync("/hosts", new() { WaitUntil = WaitUntilState.Commit });
        await page.WaitForFunctionAsync("() => document.body !== null");
        (await page.Locator("html").GetAttributeAsync("data-theme")).ShouldBe("dark");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_token_is_shown_once_and_can_be_revoked()
    {
        var page = await StartAsync("/settings");
        await page.GetByLabel("What is it for?").FillAsync("nightly report");
        await page.Locator("[data-act=make-token]").ClickAsync();
        await Assertions.Expect(page.Locator("[data-token]")).ToContainTextAsync("x2k_");
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByText("nightly report")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-token]")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke nightly report" }).ClickAsync();
        await Assertions.Expect(page.GetByText("nightly report")).ToHaveCountAsync(0);
        await EndAsync(page);
    }

    [Fact]
    public async Task Someone_who_may_only_look_finds_every_act_disabled_with_the_reason()
    {
        var page = await StartAsync(() => Run("running"), "vera");
        await Assertions.Expect(page.Locator("[data-act=stop]")).ToBeDisabledAsync();
        await Assertions.Expect(page.Locator("[data-act=stop]")).ToHaveAttributeAsync("title", new Regex("Your role may look but not act"));
        await EndAsync(page);
    }

    [Fact]
    public async Task The_reader_signs_out_and_is_out()
    {
        var page = await StartAsync("/");
        await page.Locator(".topbar details.menu summary").Last.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/account/sign-in"));
        await page.GotoAsync("/guests");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/account/sign-in"));
        await page.Context.CloseAsync();
    }

    private string Run(string key) => $"/runs/{dashboard.World.Runs[key]}";

    private Task<IPage> StartAsync(string path) => StartAsync(() => path);

    private async Task<IPage> StartAsync(Func<string> path, string user = "anna")
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync(user);
        await page.GotoAsync(path());
        await page.WaitForSelectorAsync(".frame h1");
        return page;
    }

    private async Task EndAsync(IPage page)
    {
        await page.Context.CloseAsync();
        dashboard.ShouldNotHaveComplaints();
    }
}
