using System.Text.Json;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Lab.Tests;

/// <summary>A guest on DRBD: one node of a pair whose other node is away.</summary>
[Collection(LabCollection.Name)]
public sealed class DrbdTests(LabFixture lab)
{
    private const string Device = "/dev/drbd7";

    private const string SetUp = """
        set -e
        # Nothing here may ask the network whether it is counted.
        echo 'global { usage-count no; } common { }' >/etc/drbd.d/global_common.conf
        cat >/etc/drbd.d/x2ktest.res <<'RES'
        resource x2ktest {
          device /dev/drbd7;
          disk /dev/vg0/x2k-test-drbd;
          meta-disk internal;
          on xen1 { address 10.77.0.10:7789; }
          on elsewhere { address 10.77.0.99:7789; }
        }
        RES
        cat >/etc/xen/x2k-test-crm.cfg <<'CFG'
        name = "x2k-test-crm"
        type = "pv"
        kernel = "/boot/vmlinuz"
        memory = 128
        disk = [ "drbd:x2ktest,xvda,w", "phy:/dev/drbd7,xvdb,w" ]
        vif = [ "mac=00:16:3e:77:00:98,bridge=xenbr0" ]
        CFG
        lvcreate -q -y -L 12m -n x2k-test-drbd vg0
        drbdadm create-md --force x2ktest >/dev/null
        drbdadm up x2ktest
        drbdadm primary --force x2ktest
        mkfs.ext4 -q -L on-drbd /dev/drbd7
        dd if=/dev/urandom of=/dev/drbd7 bs=1M seek=4 count=2 conv=notrunc status=none
        drbdadm secondary x2ktest
        """;

    private const string TearDown = """
        drbdadm down x2ktest
        rm -f /etc/drbd.d/x2ktest.res /etc/xen/x2k-test-crm.cfg
        lvremove -q -f vg0/x2k-test-drbd
        rm -rf /var/lib/x2k-test
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_on_drbd_is_seen_checked_and_read_without_its_peer()
    {
        var shell = lab.Shell("xen1");
        var xen = lab.Connector.Xen(shell);
        try
        {
            await shell.CheckAsync(RemoteCommand.Script(SetUp), Cancel);

            // Shut down, so Secondary: its size and content are known all the same.
            await lab.Dashboard.X2kAsync("host", "refresh", "xen1");
            var seen = await GuestAsync();
            var size = long.Parse(await shell.CheckAsync(new RemoteCommand("cat", "/sys/class/block/drbd7/size"), Cancel)) * 512;
            size.ShouldBeInRange(11 << 20, (12 << 20) - 4096, "DRBD keeps its own data at the end of the volume");
            foreach (var disk in seen.GetProperty("disks").EnumerateArray())
            {
                disk.GetProperty("backing").GetString().ShouldBe("Drbd");
                disk.GetProperty("path").GetString().ShouldBe(Device);
                disk.GetProperty("sizeBytes").GetInt64().ShouldBe(size);
                disk.GetProperty("content").GetString().ShouldBe("ext4");
                disk.GetProperty("contentLabel").GetString().ShouldBe("on-drbd");
            }

            Drbd(seen).ShouldAllBe(state => state.StartsWith("UpToDate"));
            (await lab.Dashboard.X2kAsync("plan", "create", "xen1", "x2k-test-crm", "--to", "kvm1")).Ok();
            (await ConcernsAsync()).ShouldContain(concern => concern.StartsWith("X25 Warning x2ktest: UpToDate"));

            await shell.CheckAsync(new RemoteCommand("drbdadm", "outdate", "x2ktest"), Cancel);
            (await ConcernsAsync()).ShouldContain(concern => concern.StartsWith("X25 Blocker x2ktest: Outdated"));
            await shell.CheckAsync(new RemoteCommand("drbdadm", "down", "x2ktest"), Cancel);
            (await ConcernsAsync()).ShouldContain(concern => concern.StartsWith("X25 Blocker x2ktest: "));
            seen = await GuestAsync();
            seen.GetProperty("disks")[0].GetProperty("backing").GetString().ShouldBe("Drbd");
            (await RefusalAsync(xen.HoldDrbdAsync([Device], Guid.NewGuid(), Cancel))).ShouldContain("x2ktest");

            await shell.CheckAsync(RemoteCommand.Script("drbdadm up x2ktest && drbdadm primary --force x2ktest && drbdadm secondary x2ktest"), Cancel);
            await CopyAsync(shell, xen, size);
        }
        finally
        {
            await shell.RunAsync(RemoteCommand.Script(TearDown), CancellationToken.None);
            await lab.Dashboard.X2kAsync("host", "refresh", "xen1");
        }
    }

    /// <summary>The role is changed for the time of a run, and only where the run changed it.</summary>
    private static async Task CopyAsync(IRemoteShell shell, IXenHost xen, long size)
    {
        var run = Guid.NewGuid();
        await using var job = new AgentJob(shell, "drbd");
        var target = $"{job.Directory}/target";
        await job.PrepareAsync(new TransferDisk
        {
            Id = "xvda", Source = Device, Length = size, Target = new TransferTarget { Kind = "file", Path = target, Zeroes = "skip" },
        });
        await shell.CheckAsync(new RemoteCommand("truncate", "-s", $"{size}", target), Cancel);
        var refused = await job.RunAsync();
        refused.State.ShouldBe("failed", "a Secondary device opens for nobody, which is why its role is changed");
        refused.Error!.Message.ShouldContain($"cannot open {Device} for reading");

        (await xen.HoldDrbdAsync([Device], run, Cancel)).ShouldBe(["x2ktest was Secondary/Unknown and is Primary while the run reads it"]);
        (await xen.HoldDrbdAsync([Device], run, Cancel)).ShouldBeEmpty();
        (await job.RunAsync()).State.ShouldBe("done");
        var sums = (await shell.CheckAsync(RemoteCommand.Script($"sha256sum <{Device}; sha256sum <{target}"), Cancel)).Split('\n');
        sums[1].ShouldBe(sums[0]);

        (await xen.ReleaseDrbdAsync(run, Cancel)).ShouldBe(["x2ktest is Secondary again"]);
        (await xen.ReleaseDrbdAsync(run, Cancel)).ShouldBeEmpty();
        (await RoleAsync()).ShouldStartWith("Secondary");

        // Primary by another's doing: left so.
        await shell.CheckAsync(new RemoteCommand("drbdadm", "primary", "x2ktest"), Cancel);
        (await xen.HoldDrbdAsync([Device], run, Cancel)).ShouldBeEmpty();
        (await xen.ReleaseDrbdAsync(run, Cancel)).ShouldBeEmpty();
        (await RoleAsync()).ShouldStartWith("Primary");

        async Task<string> RoleAsync() => await shell.CheckAsync(new RemoteCommand("drbdadm", "role", "x2ktest"), Cancel);
    }

    private async Task<JsonElement> GuestAsync() => (await lab.JsonAsync("guest", "show", "xen1", "x2k-test-crm")).GetProperty("guest");

    private static List<string> Drbd(JsonElement guest) =>
        [.. guest.GetProperty("facts").EnumerateArray().Where(fact => fact.GetProperty("name").GetString()!.StartsWith("DRBD ")).Select(fact => fact.GetProperty("value").GetString()!)];

    private async Task<List<string>> ConcernsAsync() =>
        [.. (await lab.JsonAsync("preflight", "x2k-test-crm")).GetProperty("concerns").EnumerateArray()
            .Select(concern => $"{concern.GetProperty("id")} {concern.GetProperty("severity")} {concern.GetProperty("evidence")}")];

    private static async Task<string> RefusalAsync(Task refused) => (await refused.ShouldThrowAsync<RemoteException>()).Message;
}
