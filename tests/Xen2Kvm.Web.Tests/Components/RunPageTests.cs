using NSubstitute;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Pages.Runs;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class RunPageTests : PageTest
{
    private readonly Plan _plan = Sample.Plan();

    public RunPageTests()
    {
        Viewer.Identify("anna", true, true);
        Plans.FindAsync(_plan.Id, Arg.Any<CancellationToken>()).Returns(_plan);
    }

    [Fact]
    public async Task A_running_copy_shows_its_pipeline_its_disks_rate_and_ETA()
    {
        var words = await PageAsync(Sample.Copying(_plan));
        words.ShouldContain("Running · copy 4");
        words.ShouldContain("ETA 6–8 min (rate of the last 60 s)");
        words.ShouldContain("Downtime so far");
        words.ShouldContain("xvda2 120 GiB");
        words.ShouldContain("Next: Verify every byte on the target.");
        foreach (var step in new[] { "check", "allocate", "stop", "copy", "verify", "convert", "define", "start", "prove", "finish" })
        {
            words.ShouldContain(step);
        }
    }

    [Fact]
    public async Task A_silent_copy_says_how_long_nothing_was_heard()
    {
        var run = Sample.Copying(_plan);
        var copy = run.Steps.First(step => step.Id == "copy");
        var words = await PageAsync(run.With(copy with { Progress = copy.Progress! with { At = Sample.Now.AddSeconds(-42), EtaLow = null, EtaHigh = null } }));
        words.ShouldContain("no data for 42 s");
        words.ShouldNotContain("ETA");
        words.ShouldNotContain("194 MB/s");
        words.ShouldNotContain("187 MB/s");
    }

    [Fact]
    public async Task A_running_copy_says_how_long_the_guest_will_be_down_and_why_so()
    {
        Earlier.Add(Sample.Measured(_plan));
        var words = await PageAsync(Sample.Copying(_plan));
        words.ShouldMatch(@"Projected \d+–\d+ min");
        words.ShouldContain("from what has passed, the remaining time of copy, and 1 earlier run from xen1 to kvm1.");
        (await PageAsync(Sample.Asking(_plan))).ShouldNotContain("Projected");
    }

    [Fact]
    public async Task Where_no_run_was_measured_no_number_is_invented() =>
        (await PageAsync(Sample.Copying(_plan))).ShouldContain("Projected downtime: no run measured yet.");

    [Fact]
    public async Task Each_disk_shows_its_rate_what_is_left_and_what_happens_to_it()
    {
        var run = Sample.Copying(_plan);
        var copy = run.Steps.First(step => step.Id == "copy");
        DiskProgress Disk(string name, string state, long durable, long verified) => new()
        {
            Disk = name, State = state, TotalBytes = 1000, DurableBytes = durable, VerifiedBytes = verified, BytesPerSecond = 38e6, EtaLow = TimeSpan.FromMinutes(5), EtaHigh = TimeSpan.FromMinutes(7),
        };
        var disks = new[] { Disk("xvda1", "verified", 1000, 1000), Disk("xvda2", "verifying", 430, 100), Disk("xvda3", "verifying", 1000, 250), Disk("xvda4", "pending", 0, 0) };
        var words = await PageAsync(run.With(copy with { Progress = copy.Progress! with { Disks = disks } }));
        words.ShouldContain("43 % 38 MB/s 5–7 min");
        words.ShouldContain("25 %");
        foreach (var state in new[] { "Verified", "Copying", "Verifying", "Waiting" })
        {
            words.ShouldContain(state);
        }

        // A run that has ended holds nothing back: what was verified stays verified.
        var ended = Sample.Done(_plan);
        var last = ended.Steps.First(step => step.Id == "copy");
        var after = await PageAsync(ended.With(last with { Progress = copy.Progress! with { Disks = disks[..1] } }));
        after.ShouldContain("Verified");
        after.ShouldNotContain("Held");
    }

    [Fact]
    public async Task A_question_offers_its_answers_and_says_that_nothing_moves()
    {
        var words = await PageAsync(Sample.Asking(_plan));
        words.ShouldContain("Needs you · stop");
        words.ShouldContain("files has not shut down on xen1 within 300 s. What now?");
        words.ShouldContain("Switch it off: what it has not written is lost");
        words.ShouldContain("Nothing moves until the question below is answered.");
    }

    [Fact]
    public async Task A_failed_run_says_why_and_offers_resume_and_roll_back()
    {
        var words = await PageAsync(Sample.Failed(_plan));
        words.ShouldContain("Failed · convert");
        words.ShouldContain("No kernel with virtio in /boot. Install one.");
        words.ShouldContain("Resume…");
        words.ShouldContain("Roll back…");
        words.ShouldNotContain("Stop…");
    }

    [Fact]
    public async Task A_finished_run_says_what_was_proven_and_what_remains()
    {
        var words = await PageAsync(Sample.Done(_plan));
        words.ShouldContain("measured downtime");
        words.ShouldContain("Login prompt of files on the serial console");
        words.ShouldContain("Every byte of 2 disks is the same on both sides");
        words.ShouldContain("What remains on xen1");
        words.ShouldContain("/dev/vg0/files-root");
    }

    [Fact]
    public void Files_of_dom0_that_went_along_are_not_counted_as_disks()
    {
        VerifiedDisk Verified(string name) => new(name, 1, "", 0);
        new RunResult { Verified = [Verified("sda1"), Verified("kernel"), Verified("initrd")] }.VerifiedWords.ShouldBe("1 disk, kernel and initrd");
        new RunResult { Verified = [Verified("xvda"), Verified("xvdb")] }.VerifiedWords.ShouldBe("2 disks");
    }

    [Fact]
    public async Task A_rolled_back_run_offers_no_act_and_says_that_the_guest_is_back()
    {
        var markup = await MarkupAsync(Sample.RolledBack(_plan));
        Words(markup).ShouldContain("files is back on xen1.");
        markup.ShouldNotContain("data-act=\"roll-back\"");
        markup.ShouldNotContain("data-act=\"resume\"");
    }

    [Fact]
    public async Task Someone_who_may_only_look_sees_the_acts_and_why_they_are_not_theirs()
    {
        Viewer.Identify("vera", false, false);
        var markup = await MarkupAsync(Sample.Copying(_plan));
        markup.ShouldContain("disabled");
        Words(markup).ShouldContain("Your role may look but not act.");
    }

    [Theory]
    [InlineData("paris", "paris", null)]
    [InlineData("paris", "oslo", "(This needs the role Operator on kvm1 (group oslo), and you have it elsewhere only. Ask a person with the role Admin.)")]
    [InlineData("oslo", null, "(This needs the role Operator on xen1 (group oslo), kvm1 (no group), and you have it elsewhere only. Ask a person with the role Admin.)")]
    public async Task Someone_with_a_role_on_some_hosts_sees_on_which_it_is_lacking(string source, string? target, string? why)
    {
        var paris = new HostGroup(Guid.NewGuid(), "paris");
        HostGroup? Group(string? name) => name switch { null => null, "paris" => paris, _ => new HostGroup(Guid.NewGuid(), name) };
        Groups.ListHostsAsync(Arg.Any<CancellationToken>())
            .Returns([new GroupedHost(_plan.SourceHostId, "xen1", Group(source)), new GroupedHost(_plan.TargetHostId, "kvm1", Group(target))]);
        Viewer.Identify("olga", new Standing(Roles.Viewer, [new Grant(Roles.Operator, paris.Id, null)]));
        var markup = await MarkupAsync(Sample.Copying(_plan));
        markup.ShouldContain("data-act=\"stop\"");
        if (why is null)
        {
            Words(markup).ShouldNotContain("This needs the role");
        }
        else
        {
            Words(markup).ShouldContain(why);
        }
    }

    [Fact]
    public async Task A_hostile_guest_name_stays_text()
    {
        var plan = Sample.Plan(Xen2Kvm.Demo.DemoInventory.Web() with { Name = "<script>alert(1)</script>" });
        var markup = await MarkupAsync(Sample.Copying(plan));
        markup.ShouldNotContain("<script>");
        markup.ShouldContain("&lt;script&gt;");
    }

    [Fact]
    public async Task A_run_that_is_not_known_says_so() => Words(await DrawAsync<RunPage>(("Id", Guid.NewGuid()))).ShouldContain("This run is not known");

    private async Task<string> PageAsync(Run run) => Words(await MarkupAsync(run));

    private List<Run> Earlier { get; } = [];

    private Task<string> MarkupAsync(Run run)
    {
        Runs.ListAsync(Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns(_ => [.. Earlier]);
        Runs.FindAsync(run.Id, Arg.Any<CancellationToken>()).Returns(run);
        Runs.ListEvidenceAsync(run.Id, Arg.Any<bool>(), Arg.Any<CancellationToken>()).Returns([]);
        Runs.ReadLogAsync(run.Id, Arg.Any<long>(), Arg.Any<int>(), Arg.Any<CancellationToken>()).Returns([]);
        Runs.ReadLogBackAsync(run.Id, Arg.Any<RunLogQuery>(), Arg.Any<CancellationToken>()).Returns([]);
        Runs.ReadSamplesAsync(run.Id, Arg.Any<DateTimeOffset>(), Arg.Any<CancellationToken>()).Returns([]);
        return DrawAsync<RunPage>(("Id", run.Id));
    }
}
