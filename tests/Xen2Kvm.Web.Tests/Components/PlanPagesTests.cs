using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Web.Components.Pages.Plans;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class PlanPagesTests : PageTest
{
    private readonly Plan _plan = Sample.Plan();

    public PlanPagesTests() => Viewer.Identify("anna", true, true);

    [Fact]
    public async Task A_plan_shows_before_and_after_its_disks_and_its_proof()
    {
        var words = Words(await DrawAsync<PlanView>(("Plan", _plan), ("SourceHost", "xen1"), ("TargetHost", "kvm1"), ("Xml", "<domain/>")));
        words.ShouldContain("On xen1 (Xen)");
        words.ShouldContain("new MBR partition table, boot loader, 1 MiB alignment");
        words.ShouldContain("xvda3 2.0 GiB swap");
        words.ShouldContain("made anew");
        words.ShouldContain("swap with the same UUID");
        words.ShouldContain("192.0.2.101 must answer a ping within 5 min.");
        words.ShouldContain("<domain/>");
    }

    [Fact]
    public void What_is_kept_is_not_marked_and_what_changes_is()
    {
        var lines = PlanLines.Of(_plan, "xen1", "kvm1");
        lines.Single(line => line.Topic == "NIC 0: MAC").Changed.ShouldBeFalse();
        lines.Single(line => line.Topic == "UUID").Changed.ShouldBeFalse();
        lines.Single(line => line.Topic == "Kind").ShouldBe(new PlanLine("Kind", "PV", "KVM, q35", true));
        lines.Single(line => line.Topic == "Boot").Changed.ShouldBeTrue();
        lines.Single(line => line.Topic == "Starts with the host").Changed.ShouldBeFalse();
    }

    [Fact]
    public async Task Preflight_shows_evidence_and_fix_and_takes_consent_for_a_warning_only()
    {
        Concern[] concerns =
        [
            new("X10", Severity.Blocker, "kvm1", "Too little room.", "vg_kvm: 3 GiB free", "Free some."),
            new("X02", Severity.Warning, "files", "A line cannot be read.", "files.cfg:9", "Compare."),
        ];
        var markup = await DrawAsync<PreflightPanel>(("Plan", _plan), ("Concerns", concerns));
        Words(markup).ShouldContain("1 blocker");
        Words(markup).ShouldContain("vg_kvm: 3 GiB free");
        Words(markup).ShouldContain("I accept this warning; my name (anna) is recorded.");
        markup.ShouldContain("data-accept=\"X02:files\"");
        markup.ShouldNotContain("data-accept=\"X10:kvm1\"");
    }

    [Fact]
    public async Task An_accepted_warning_names_who_accepted_it()
    {
        var plan = _plan with { Acknowledged = [new Acknowledgement("X02:files", "boris", Sample.Now)] };
        Concern[] concerns = [new("X02", Severity.Warning, "files", "A line cannot be read.", "", "")];
        Words(await DrawAsync<PreflightPanel>(("Plan", plan), ("Concerns", concerns))).ShouldContain("Accepted by boris, 09:00:00.");
    }

    [Fact]
    public void The_wizards_choices_survive_the_address_bar()
    {
        var form = PlanForm.Parse("?target=kvm1&storage=default&format=qcow2&cpus=4&memory=2048&ping=&port=80&shutdown=60&rate=50&bridge.xenbr0=br1&host=xen1");
        form.ToQuery()["storage"].ShouldBe("default");
        form.ToQuery()["bridge.xenbr0"].ShouldBe("br1");
        var choices = form.ToChoices(_plan.Source);
        choices.Format.ShouldBe(DiskFormat.Qcow2);
        choices.Proof.ShouldBe(new ProofSettings { PingAddress = null, TcpPort = 80 });
        choices.RateLimitBytesPerSecond.ShouldBe(50_000_000);
        choices.ShutdownTimeoutSeconds.ShouldBe(60);
    }
}
