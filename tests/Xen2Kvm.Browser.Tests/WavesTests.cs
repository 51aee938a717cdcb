using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Browser.Tests;

/// <summary>Waves as people make them: planned together, changed, submitted by one person, approved by another.</summary>
public sealed class WavesTests(DashboardFixture dashboard)
{
    private const string Hostile = "<script>alert(1)</script>";

    [Fact]
    public async Task Guests_are_planned_together_submitted_by_one_person_and_approved_by_another()
    {
        await dashboard.FillAsync();
        var olga = await dashboard.OpenAsync("olga");
        await olga.GotoAsync("/guests?host=xen1&q=build");
        await olga.Locator("[data-act=plan-together]").ClickAsync();
        await Assertions.Expect(olga.Locator("h1")).ToHaveTextAsync("New wave");
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("1 of");
        await olga.GetByLabel($"{Hostile} goes into the wave").CheckAsync();
        await olga.GetByLabel("Name of the wave").FillAsync("Builders");
        await olga.GetByLabel("Memory of build in MiB").FillAsync("1024");
        await olga.GetByLabel($"What {Hostile} waits for").FillAsync("nobody");
        await olga.GetByLabel($"What {Hostile} waits for").PressAsync("Tab");
        await Assertions.Expect(olga.Locator(".note li")).ToContainTextAsync($"{Hostile} waits for nobody, which is no guest of this sheet");
        await Assertions.Expect(olga.Locator("[data-act=create-wave]")).ToBeDisabledAsync();
        await olga.GetByLabel($"What {Hostile} waits for").FillAsync("build");
        await olga.GetByLabel($"What {Hostile} waits for").PressAsync("Tab");
        await Assertions.Expect(olga.Locator("[data-act=create-wave]")).ToBeEnabledAsync();
        await olga.ShouldBeAccessibleAsync("a wave being planned");
        await olga.Locator("[data-act=create-wave]").ClickAsync();

        await Assertions.Expect(olga).ToHaveURLAsync(new Regex("/waves/[0-9a-f-]{36}\\?tab=edit"));
        await olga.Locator("[data-act=add-window]").ClickAsync();
        await olga.GetByLabel("For minutes").FillAsync("0");
        await olga.GetByLabel("For minutes").PressAsync("Tab");
        await Assertions.Expect(olga.GetByText("Let a window be open for 1 to 10080 minutes")).ToBeVisibleAsync();
        await olga.GetByLabel("For minutes").FillAsync("120");
        await olga.GetByLabel("For minutes").PressAsync("Tab");
        await olga.Locator("[data-act=save-wave]").ClickAsync();
        await Assertions.Expect(olga.GetByText("Saved.")).ToBeVisibleAsync();
        await olga.ShouldBeAccessibleAsync("a draft being changed");

        await olga.Locator("[data-tab=plans]").ClickAsync();
        await olga.Locator("[data-act=check-all]").ClickAsync();
        await Assertions.Expect(olga.Locator(".panel").Filter(new() { HasText = "Preflight of all its plans" })).ToContainTextAsync("checked");
        var accept = olga.Locator("[data-act=accept]");
        for (var left = await accept.CountAsync(); left > 0; left--)
        {
            await olga.GetByLabel("Why warnings may be accepted").FillAsync("it is only a test");
            await accept.First.ClickAsync();
            await Assertions.Expect(accept).ToHaveCountAsync(left - 1);
        }

        await olga.Locator("[data-act=submit]").ClickAsync();
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Needs approval");
        await olga.GotoAsync(olga.Url.Split('?')[0] + "?tab=approval");
        await Assertions.Expect(olga.Locator("[data-act=approve]")).ToBeDisabledAsync();

        var petra = await dashboard.OpenAsync("petra");
        await petra.GotoAsync(olga.Url);
        await Assertions.Expect(petra.Locator(".dossier")).ToHaveCountAsync(2);
        await petra.Locator(".dossier summary").First.ClickAsync();
        await Assertions.Expect(petra.Locator(".dossier").First).ToContainTextAsync("memory on Xen");
        await petra.ShouldBeAccessibleAsync("what an approver sees");
        await Assertions.Expect(petra.Locator("[data-act=reject]")).ToBeDisabledAsync();
        await petra.Locator("[data-act=approve]").ClickAsync();
        await Assertions.Expect(petra.Locator(".page-head")).ToContainTextAsync("Approved");
        await Assertions.Expect(olga.Locator(".page-head")).ToContainTextAsync("Approved");
        await Assertions.Expect(olga.Locator(".wave-now")).ToContainTextAsync("by petra, holds until");
        await EndAsync(olga, petra);
    }

    [Fact]
    public async Task The_log_of_a_wave_shows_what_matters_of_every_run_and_leads_to_its_place()
    {
        await dashboard.FillAsync();
        await dashboard.Services.GetRequiredService<IRunStore>().AppendLogAsync(
            dashboard.World.Runs["done"], [new RunLogEntry(DateTimeOffset.UtcNow, "prove", RunLogLevel.Warning, "It answers slowly\nvery")], TestContext.Current.CancellationToken);
        var page = await dashboard.OpenAsync("vera");
        await page.GotoAsync($"/waves/{dashboard.World.Waves.Running}?tab=log");
        var line = page.Locator(".log-line", new() { HasText = "It answers slowly …" });
        await Assertions.Expect(line).ToHaveCountAsync(1);
        await page.GetByLabel("Search the logs").FillAsync("nothing says this");
        await Assertions.Expect(page.Locator(".log")).ToContainTextAsync("No line passes this filter.");
        await page.GetByLabel("Search the logs").FillAsync("ANSWERS slowly");
        await line.Locator("a.at").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex($"/runs/{dashboard.World.Runs["done"]}\\?line="));
        await Assertions.Expect(page.Locator(".log-line.linked").First).ToContainTextAsync("It answers slowly");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_sheet_is_read_from_a_file_and_what_is_wrong_with_it_is_told()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync("olga");
        await page.GotoAsync("/waves/new");
        await Assertions.Expect(page.Locator(".sheet tbody tr[data-guest]").First).ToBeVisibleAsync();
        await SheetAsync(page, "host,guest\nxen1,build\n");
        await Assertions.Expect(page.Locator(".note.tone-red")).ToContainTextAsync("There is no column host");
        await SheetAsync(page, "source_host,guest,target_host,storage,after,canary\nxen1,git,kvm1,default,,yes\nxen1,ldap,kvm1,,git,\nxen1,nobody,kvm1,,,\n");
        await Assertions.Expect(page.Locator(".sheet tbody tr[data-guest]")).ToHaveCountAsync(3);
        await Assertions.Expect(page.GetByLabel("Storage of git")).ToHaveValueAsync("default");
        await Assertions.Expect(page.GetByLabel("KVM host of git")).ToHaveValueAsync("");
        await Assertions.Expect(page.GetByLabel("What ldap waits for")).ToHaveValueAsync("git");
        await Assertions.Expect(page.Locator("tr[data-guest=nobody]")).ToContainTextAsync("xen1 has no guest nobody");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_guest_that_appears_while_a_wave_is_planned_is_there_and_what_was_chosen_and_typed_stays()
    {
        await dashboard.FillAsync();
        var hosts = dashboard.Services.GetRequiredService<IHostStore>();
        var xen1 = dashboard.World.Xen1.Id;
        var before = (await hosts.GetSnapshotAsync(xen1, TestContext.Current.CancellationToken))!;
        var page = await dashboard.OpenAsync("olga");
        await page.GotoAsync("/waves/new");
        await page.GetByLabel("Filter the guests").FillAsync("git");
        await page.GetByLabel("git goes into the wave").CheckAsync();
        await page.GetByLabel("What git waits for").FillAsync("ldap");
        await page.GetByLabel("What git waits for").PressAsync("Tab");
        try
        {
            await hosts.SaveSnapshotAsync(xen1, before with { Guests = [.. before.Guests, before.Guests.First(guest => guest.Name == "git") with { Name = "git2" }] }, [], TestContext.Current.CancellationToken);
            await Assertions.Expect(page.Locator("tr[data-guest=git2]")).ToBeVisibleAsync();
            await Assertions.Expect(page.GetByLabel("git2 goes into the wave")).Not.ToBeCheckedAsync();

            // It goes again, as guests do when a move sets them aside; the one that was chosen stays, whatever becomes of it.
            await hosts.SaveSnapshotAsync(xen1, before with { Guests = [.. before.Guests.Where(guest => guest.Name != "git")] }, [], TestContext.Current.CancellationToken);
            await Assertions.Expect(page.Locator("tr[data-guest=git2]")).ToHaveCountAsync(0);
            await Assertions.Expect(page.GetByLabel("git goes into the wave")).ToBeCheckedAsync();
            await Assertions.Expect(page.GetByLabel("What git waits for")).ToHaveValueAsync("ldap");
            await Assertions.Expect(page.Locator("tr[data-guest=git]")).ToContainTextAsync("xen1 has no guest git");
        }
        finally
        {
            await hosts.SaveSnapshotAsync(xen1, before, [], TestContext.Current.CancellationToken);
        }

        await EndAsync(page);
    }

    [Fact]
    public async Task Who_edits_an_older_draft_sees_that_it_was_changed_and_overwrites_nothing()
    {
        await dashboard.FillAsync();
        var (olga, anna) = (await dashboard.OpenAsync("olga"), await dashboard.OpenAsync());
        var path = $"/waves/{dashboard.World.Waves.Void}?tab=edit";
        await olga.GotoAsync(path);
        await anna.GotoAsync(path);
        await Assertions.Expect(olga.GetByLabel("Runs at the same time")).ToHaveValueAsync("2");
        await anna.GetByLabel("Runs at the same time").FillAsync("3");
        await anna.GetByLabel("Runs at the same time").PressAsync("Tab");
        await anna.Locator("[data-act=save-wave]").ClickAsync();
        await Assertions.Expect(anna.GetByText("Saved.")).ToBeVisibleAsync();
        await Assertions.Expect(olga.GetByText("Someone else has changed this draft")).ToBeVisibleAsync();
        await Assertions.Expect(olga.Locator("[data-act=save-wave]")).ToBeDisabledAsync();
        await olga.Locator("[data-act=load-anew]").ClickAsync();
        await Assertions.Expect(olga.GetByLabel("Runs at the same time")).ToHaveValueAsync("3");
        await EndAsync(olga, anna);
    }

    [Fact]
    public async Task A_plan_is_held_on_the_board_by_drag_or_by_key_and_nowhere_else()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.GotoAsync($"/waves/{dashboard.World.Waves.Running}?tab=board");
        var card = page.Locator(".card[data-guest=monitoring]");
        await Assertions.Expect(page.Locator("section[aria-label=Waiting] .card")).ToHaveCountAsync(1);
        await card.DragToAsync(page.Locator("section[aria-label=Held]"));
        await Assertions.Expect(page.Locator("section[aria-label=Held] .card")).ToHaveCountAsync(1);
        await card.DragToAsync(page.Locator("section[aria-label=Proven]"));
        await Assertions.Expect(page.Locator("section[aria-label=Held] .card")).ToHaveCountAsync(1);
        await card.GetByRole(AriaRole.Button, new() { Name = "Let go" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("section[aria-label=Waiting] .card")).ToHaveCountAsync(1);
        await EndAsync(page);
    }

    [Fact]
    public async Task A_running_wave_is_put_off_and_let_go_and_its_chart_is_of_one_host_or_guest()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.GotoAsync($"/waves/{dashboard.World.Waves.Running}");
        await page.Locator("[data-act=put-off]").ClickAsync();
        await page.GetByLabel("Until").FillAsync("2020-01-01T10:00");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Give a time within the next 90 days.");
        await Assertions.Expect(page.Locator("[data-act=confirm]")).ToBeDisabledAsync();
        await page.GetByLabel("Until").FillAsync(DateTime.UtcNow.AddDays(2).ToString("yyyy-MM-dd'T'HH:mm", System.Globalization.CultureInfo.InvariantCulture));
        await page.ShouldBeAccessibleAsync("the dialog that puts a wave off");
        await page.Locator("[data-act=confirm]").ClickAsync();
        await Assertions.Expect(page.Locator(".wave-now")).ToContainTextAsync("put off until");
        await Assertions.Expect(page.Locator(".page-head")).ToContainTextAsync("Running");
        await page.Locator("[data-act=put-off]").ClickAsync();
        await page.Locator("[data-act=let-go]").ClickAsync();
        await Assertions.Expect(page.Locator(".wave-now")).Not.ToContainTextAsync("put off");

        await page.GetByLabel("Throughput of").SelectOptionAsync("host kvm1");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("of=host(%20|\\+)kvm1"));
        await page.GetByLabel("Throughput of").SelectOptionAsync(new SelectOptionValue { Index = await page.GetByLabel("Throughput of").Locator("option").CountAsync() - 1 });
        await Assertions.Expect(page.Locator(".run-chart .reach-now")).ToContainTextAsync("Guest");
        await EndAsync(page);
    }

    [Fact]
    public async Task A_change_of_a_wave_is_not_overwritten_by_a_tick_that_began_before_it_was_shown()
    {
        var token = TestContext.Current.CancellationToken;
        await dashboard.FillAsync();
        var waves = dashboard.Services.GetRequiredService<WaveService>();
        await waves.PutOffAsync(dashboard.World.Waves.Running, DateTimeOffset.UtcNow.AddDays(2), "anna", token);
        var page = await dashboard.OpenAsync();
        await page.GotoAsync($"/waves/{dashboard.World.Waves.Running}");
        await Assertions.Expect(page.Locator(".wave-now")).ToContainTextAsync("put off until");

        // The page hears of the change and works out what follows from it; a run ticks meanwhile, and its reading comes to its end last.
        var hosts = await dashboard.LockAsync("host_snapshots");
        await waves.PutOffAsync(dashboard.World.Waves.Running, null, "anna", token);
        await hosts.WantedAsync();
        var runs = await dashboard.LockAsync("runs");
        dashboard.Services.GetRequiredService<RunFeed>().Changed(dashboard.World.Runs["running"]);
        await runs.WantedAsync();
        await Task.Delay(500, token);
        await hosts.DisposeAsync();
        await Assertions.Expect(page.Locator(".wave-now")).Not.ToContainTextAsync("put off");
        await runs.DisposeAsync();
        await Task.Delay(1500, token);
        (await page.Locator(".wave-now").InnerTextAsync()).ShouldNotContain("put off");
        await EndAsync(page);
    }

    [Fact]
    public async Task The_report_can_be_read_alone_and_shows_a_hostile_name_as_text()
    {
        await dashboard.FillAsync();
        var page = await dashboard.OpenAsync();
        await page.GotoAsync($"/waves/{dashboard.World.Waves.Running}");
        var report = await page.Context.RunAndWaitForPageAsync(() => page.Locator("[data-act=report]").ClickAsync());
        await Assertions.Expect(report.Locator("h1")).ToHaveTextAsync("October, file servers");
        await Assertions.Expect(report.Locator("table").First).ToContainTextAsync("proxy");
        await Assertions.Expect(report.Locator("body")).ToContainTextAsync("as discussed on Monday");
        await report.ShouldBeAccessibleAsync("the report");
        await report.ShouldFitAsync("the report");
        await EndAsync(page);
    }

    [Fact]
    public async Task Who_may_only_look_sees_no_act_that_works()
    {
        await dashboard.FillAsync();
        var vera = await dashboard.OpenAsync("vera");
        await vera.GotoAsync($"/waves/{dashboard.World.Waves.Submitted}?tab=approval");
        await Assertions.Expect(vera.Locator("[data-act=approve]")).ToBeDisabledAsync();
        await vera.GotoAsync($"/waves/{dashboard.World.Waves.Void}");
        await Assertions.Expect(vera.Locator("[data-act=submit]")).ToBeDisabledAsync();
        await Assertions.Expect(vera.Locator("table.drift")).ToContainTextAsync("4096 MiB");
        await EndAsync(vera);
    }

    private static async Task SheetAsync(IPage page, string csv)
    {
        // The field of the file listens a moment after it is there.
        await Assertions.Expect(page.Locator(".sheet tbody tr[data-guest]").First).ToBeVisibleAsync();
        await page.Locator("#sheet-file").SetInputFilesAsync(new FilePayload { Name = "wave.csv", MimeType = "text/csv", Buffer = System.Text.Encoding.UTF8.GetBytes(csv) });
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
