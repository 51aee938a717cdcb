using System.Text.Json;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Configurations on a real Xen host that were written to trip a reader, or by hand in another age.</summary>
[Collection(LabCollection.Name)]
public sealed class InventoryTests(LabFixture lab)
{
    private const string Hostile = "a'b\"c $(touch /tmp/x2k-executed); `touch /tmp/x2k-executed` & | < > * ?";

    private const string SetUp = """
        set -e
        rm -f /tmp/x2k-executed
        cat >/etc/xen/x2k-test-python.cfg <<'CFG'
        # in the manner of xm: a program
        import os
        os.system("touch /tmp/x2k-executed")
        name = "x2k-test-python"
        memory = 64 * 2
        kernel = "/boot/vmlinuz"
        disk = [ "phy:%s,xvda,w" % os.popen("touch /tmp/x2k-executed; echo /dev/null").read() ]
        CFG
        cat >/etc/xen/x2k-test-hostile.cfg <<'CFG'
        name = "a'b\"c $(touch /tmp/x2k-executed); `touch /tmp/x2k-executed` & | < > * ?"
        type = "pv"
        kernel = "/boot/vmlinuz"
        memory = 64
        disk = [ "phy:/dev/vg0/$(touch /tmp/x2k-executed),xvda,w" ]
        CFG
        cat >/etc/xen/x2k-test-gone.cfg <<'CFG'
        name = "x2k-test-gone"
        type = "pv"
        kernel = "/boot/vmlinuz"
        memory = 64
        disk = [ "phy:/dev/vg0/x2k-test-never-was,xvda,w", "file:/srv/xen/never-was.img,xvdb,w" ]
        CFG
        cat >/etc/xen/x2k-test-broken.cfg <<'CFG'
        name = "x2k-test-broken"
        type = "pv"
        kernel = "/boot/vmlinuz"
        memory = 64
        disk = [ "phy:/dev/vg0/web-disk,xvda,w"
        vif = [ "" ]
        CFG
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_inventory_reads_what_it_can_names_file_and_line_of_the_rest_and_executes_nothing()
    {
        var shell = lab.Shell("xen1");
        try
        {
            await shell.CheckAsync(RemoteCommand.Script(SetUp), Cancel);
            (await lab.Dashboard.X2kAsync("host", "refresh", "xen1")).Ok();
            var guests = (await lab.JsonAsync("guest", "list", "--host", "xen1")).EnumerateArray().Select(seen => seen.GetProperty("guest"))
                .ToDictionary(guest => guest.GetProperty("name").GetString()!);
            var problems = (await lab.JsonAsync("host", "show", "xen1")).GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()!).ToList();

            // Everything else is there as before.
            guests.Keys.ShouldContain("files");
            var python = guests["x2k-test-python"];
            Problems(python).ShouldContain(problem => problem.StartsWith("/etc/xen/x2k-test-python.cfg:3: "));
            Problems(python).ShouldContain(problem => problem.StartsWith("/etc/xen/x2k-test-python.cfg:7: "));
            guests.Keys.ShouldContain(Hostile);
            Backing(guests[Hostile]).ShouldBe(["Missing"]);
            Backing(guests["x2k-test-gone"]).ShouldBe(["Missing", "Missing"]);
            problems.Concat(guests.TryGetValue("x2k-test-broken", out var broken) ? Problems(broken) : [])
                .ShouldContain(problem => problem.StartsWith("/etc/xen/x2k-test-broken.cfg:5: ") || problem.StartsWith("/etc/xen/x2k-test-broken.cfg:6: "));

            // A name is one word for every command of the program, whatever it holds.
            (await lab.Connector.Xen(shell).GetStateAsync(Hostile, Cancel)).Power.ShouldBe(Domain.Inventory.PowerState.Off);
            (await lab.Dashboard.X2kAsync("guest", "show", "xen1", Hostile)).Ok();
            (await shell.RunAsync(new RemoteCommand("test", "-e", "/tmp/x2k-executed"), Cancel)).Ok.ShouldBeFalse("something of a config was executed");
        }
        finally
        {
            await shell.RunAsync(RemoteCommand.Script("rm -f /etc/xen/x2k-test-*.cfg /tmp/x2k-executed"), CancellationToken.None);
        }

        (await lab.Dashboard.X2kAsync("host", "refresh", "xen1")).Ok();
    }

    private static List<string> Problems(JsonElement guest) => [.. guest.GetProperty("configProblems").EnumerateArray().Select(problem => problem.GetString()!)];

    private static List<string> Backing(JsonElement guest) => [.. guest.GetProperty("disks").EnumerateArray().Select(disk => disk.GetProperty("backing").GetString()!)];
}
