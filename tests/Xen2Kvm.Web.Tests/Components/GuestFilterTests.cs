using System.Text;
using Xen2Kvm.Demo;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Components.Pages.Guests;
using Xen2Kvm.Web.Components.Pages.Hosts;

namespace Xen2Kvm.Web.Tests.Components;

public sealed class GuestFilterTests : PageTest
{
    private static readonly IReadOnlyList<GuestRow> _rows =
        [.. DemoInventory.Xen1Snapshot(Sample.Now).Guests.Select(guest => new GuestRow { Seen = new GuestOnHost(Sample.Xen, guest, Sample.Now) })];

    [Fact]
    public void Text_is_found_in_name_system_and_address()
    {
        new GuestFilter { Text = "FILES" }.Apply(_rows).Select(row => row.Name).ShouldBe(["files"]);
        new GuestFilter { Text = "bullseye" }.Apply(_rows).Select(row => row.Name).ShouldBe(["web"]);
        new GuestFilter { Text = "192.0.2.103" }.Apply(_rows).Select(row => row.Name).ShouldBe(["old"]);
    }

    [Fact]
    public void Filters_go_together_and_the_order_can_be_turned_round()
    {
        var shown = new GuestFilter { Kind = "HVM", Power = "Running", Sort = "-DiskBytes" }.Apply(_rows);
        shown.ShouldAllBe(row => row.Kind == "HVM" && row.Power == "Running");
        shown.Select(row => row.DiskBytes).ShouldBe(shown.Select(row => row.DiskBytes).OrderDescending());
    }

    [Fact]
    public void The_csv_holds_the_filtered_rows_and_a_header()
    {
        var lines = Encoding.UTF8.GetString(GuestFilter.ToCsv(new GuestFilter { Text = "files" }.Apply(_rows))).TrimEnd().Split("\r\n");
        lines.Length.ShouldBe(2);
        lines[0].ShouldStartWith("\uFEFFname,host,power");
        lines[0].ShouldContain("blockers,warnings,infos");
        lines[1].ShouldStartWith("files,xen1,Running,PV,");
    }

    [Fact]
    public void Guests_are_filtered_and_sorted_by_what_was_found_of_them()
    {
        GuestRow With(string name, ConcernCounts counts) => _rows.Single(row => row.Name == name) with { Concerns = counts };
        GuestRow[] rows = [With("files", new(0, 2, 1)), With("web", new(0, 0, 3)), With("old", new(1, 0, 0))];
        new GuestFilter { Concerns = "blockers" }.Apply(rows).Select(row => row.Name).ShouldBe(["old"]);
        new GuestFilter { Concerns = "warnings" }.Apply(rows).Select(row => row.Name).ShouldBe(["files"]);
        new GuestFilter { Concerns = "neither" }.Apply(rows).Select(row => row.Name).ShouldBe(["web"]);
        new GuestFilter { Sort = "-Concerns" }.Apply(rows).Select(row => row.Name).ShouldBe(["old", "files", "web"]);
        new GuestFilter { Concerns = "blockers" }.ToQuery()["concerns"].ShouldBe("blockers");
    }

    [Fact]
    public async Task A_tally_has_icon_number_and_words_for_each_severity_that_occurs()
    {
        var markup = await DrawAsync<Web.Components.Controls.ConcernMarks>(("Counts", new ConcernCounts(1, 2, 0)));
        markup.Split("<svg").Length.ShouldBe(3);
        Words(markup).ShouldContain("1 blocker");
        Words(markup).ShouldContain("2 warnings");
        Words(markup).ShouldNotContain("info");
    }

    [Fact]
    public async Task The_empty_installation_offers_both_kinds_of_host()
    {
        Viewer.Identify("anna", true, true);
        var words = Words(await DrawAsync<Web.Components.Controls.FirstHosts>(("HasXen", false), ("HasKvm", false)));
        words.ShouldContain("Add your first Xen host");
        words.ShouldContain("Add your KVM host");
    }

    [Fact]
    public void A_pasted_key_gets_back_its_last_line_end_and_a_host_without_a_name_has_its_address()
    {
        var form = new HostForm { Address = " 192.0.2.1 ", Key = "-----BEGIN\r\nabc\r\n-----END" };
        var host = form.ToHost(new HostKeyOffer("ssh-ed25519 AAAA", "SHA256:x"));
        host.Secret.ShouldBe("-----BEGIN\nabc\n-----END\n");
        host.Name.ShouldBe("192.0.2.1");
        host.Ssh.HostKey.ShouldBe("ssh-ed25519 AAAA");
    }

    [Fact]
    public void What_is_missing_for_a_host_is_said_in_words()
    {
        new HostForm().Missing().ShouldBe("Give the host's address.");
        new HostForm { Address = "a" }.Missing()!.ShouldStartWith("Paste the private key");
        new HostForm { Address = "a", Authentication = Domain.Inventory.SshAuthentication.Ambient }.Missing().ShouldBeNull();
    }
}
