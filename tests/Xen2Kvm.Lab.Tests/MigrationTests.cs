using System.Text.Json;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Real guests of a real Xen host moved to a real libvirt host, and back.</summary>
[Collection(LabCollection.Name)]
[TestCaseOrderer(typeof(ByName))]
public sealed class MigrationTests(LabFixture lab)
{
    private const string Checksums = "cd /srv/data && sha256sum --quiet -c SHA256SUMS && hostname";

    [Fact]
    public async Task Test1_a_guest_without_partition_table_and_boot_loader_moves_although_the_dashboard_is_killed_meanwhile_and_comes_back()
    {
        const string guest = "files";
        await lab.StartMoveAsync(guest, "10.77.0.31");
        await Wait.UntilAsync("some of the disks is copied", TimeSpan.FromMinutes(15), async () => Copied(await lab.RunOfAsync(guest)) > 0);
        await lab.Dashboard.KillAsync();
        await lab.Dashboard.StartAsync();
        var run = await lab.EndOfRunAsync(guest, "Succeeded");
        Step(run, "copy").GetProperty("state").GetString().ShouldBe("Done");
        Step(run, "verify").GetProperty("output").GetString()!.ShouldContain("rootHash");
        (await LabFixture.OnAsync(guest, Checksums)).Ok().Output.Trim().ShouldBe("files");
        (await LabFixture.OnAsync(guest, "cat /sys/class/net/enX0/address")).Ok().Output.Trim().ShouldBe("00:16:3e:77:00:31");
        (await LabFixture.OnAsync(guest, "systemd-detect-virt || true")).Output.ShouldNotContain("xen");
        (await LabFixture.OnAsync("xen1", "xl list | awk '{print $1}'")).Ok().Output.Split('\n').ShouldNotContain(guest);
        (await LabFixture.OnAsync("xen1", "ls /etc/xen /etc/xen/auto")).Ok().Output.Split('\n').ShouldNotContain("files.cfg");

        (await lab.Dashboard.X2kAsync("run", "rollback", guest, "--delete-target", "--yes")).Ok();
        await lab.EndOfRunAsync(guest, "RolledBack");
        await Wait.UntilAsync("the guest answers on Xen", TimeSpan.FromMinutes(10), async () => (await LabFixture.OnAsync(guest, "true")).ExitCode == 0);
        (await LabFixture.OnAsync(guest, Checksums)).Ok();
        (await LabFixture.OnAsync("xen1", "xl list | awk '{print $1}'; ls /etc/xen/auto")).Ok().Output.Split('\n').ShouldContain("files.cfg");
        (await LabFixture.OnAsync("kvm1", "virsh -q list --all --name; ls /var/lib/libvirt/images")).Ok().Output.ShouldNotContain(guest);
    }

    [Fact]
    public async Task Test2_a_person_moves_a_pygrub_guest_in_the_browser_while_a_sysvinit_guest_moves_too()
    {
        await lab.StartMoveAsync("old", "10.77.0.33", "--format", "qcow2");
        await using var browser = await Person.OpenAsync(lab.Dashboard);
        await browser.MakeFirstAdminAsync();
        await browser.LookAtAsync("overview", "/");
        await browser.LookAtAsync("hosts", "/hosts");
        await browser.LookAtAsync("guests", "/guests");
        await browser.LookAtAsync("guest", "/guests/xen1/web");
        await browser.PlanAndStartAsync("web", "10.77.0.32", 80);
        await browser.WatchToItsEndAsync();

        foreach (var (guest, mac) in new[] { ("web", "00:16:3e:77:00:32"), ("old", "00:16:3e:77:00:33") })
        {
            var run = await lab.EndOfRunAsync(guest, "Succeeded");
            run.GetProperty("downSince").ValueKind.ShouldBe(JsonValueKind.String);
            run.GetProperty("upAgainAt").ValueKind.ShouldBe(JsonValueKind.String);
            (await LabFixture.OnAsync(guest, Checksums)).Ok().Output.Trim().ShouldBe(guest);
            (await LabFixture.OnAsync("kvm1", $"virsh -q domiflist {guest}")).Ok().Output.ShouldContain(mac);
            (await LabFixture.OnAsync("xen1", "xl list | awk '{print $1}'")).Ok().Output.Split('\n').ShouldNotContain(guest);
        }
    }

    private static JsonElement Step(JsonElement run, string id) => run.GetProperty("steps").EnumerateArray().Single(step => step.GetProperty("id").GetString() == id);

    private static long Copied(JsonElement run)
    {
        run.GetProperty("state").GetString().ShouldBeOneOf("Queued", "Running");
        return Step(run, "copy").TryGetProperty("progress", out var progress) && progress.ValueKind == JsonValueKind.Object
            && progress.TryGetProperty("doneBytes", out var done) && done.ValueKind == JsonValueKind.Number ? done.GetInt64() : 0;
    }
}
