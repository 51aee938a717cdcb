using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;
using Xen2Kvm.Hosts.Xen;

namespace Xen2Kvm.Hosts.Tests.Xen;

/// <summary>State, stop, start and inventory of a Xen host: the real scripts with a scripted xl.</summary>
public sealed class XenHostTests : IDisposable
{
    private readonly LocalShell _shell = new();
    private readonly XenHost _host;

    public XenHostTests()
    {
        _host = new(_shell, TimeProvider.System);
        _shell.Program("xl", """
            echo "$@" >>ROOT/xl.log
            case "$*" in
              info) cat ROOT/info ;;
              list) cat ROOT/list; [ ! -e ROOT/fail ] ;;
              "list -l") cat ROOT/long ;;
            esac
            """);
        _shell.Program("drbdadm", "exit 1");
        _shell.Write("info", "host : xen1\nxen_version : 4.17.5\ntotal_memory : 3071\nfree_memory : 900\nnr_cpus : 2\n");
        _shell.Write("long", "[]");
        List("Domain-0   0  1024  1  r-----  1.0");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("r-----", PowerState.Running)]
    [InlineData("-b----", PowerState.Running)]
    [InlineData("------", PowerState.Running)]
    [InlineData("--p---", PowerState.Paused)]
    [InlineData("----c-", PowerState.Crashed)]
    [InlineData("---s--", PowerState.Running)]
    [InlineData("-----d", PowerState.Running)]
    public async Task A_domain_that_exists_is_never_off(string flags, PowerState expected)
    {
        List($"web   7   384   1  {flags}  12.3");
        (await _host.GetStateAsync("web", Cancel)).ShouldBe(new(expected, 7));
    }

    [Fact]
    public async Task A_domain_that_is_not_listed_is_off()
    {
        List("webserver   7   384   1  r-----  12.3");
        (await _host.GetStateAsync("web", Cancel)).ShouldBe(new(PowerState.Off, null));
    }

    [Fact]
    public async Task A_list_that_fails_never_means_off()
    {
        _shell.Write("fail", "");
        await Should.ThrowAsync<RemoteException>(() => _host.GetStateAsync("web", Cancel));
        File.Delete(_shell.In("fail"));
        _shell.Write("list", "");
        await Should.ThrowAsync<RemoteException>(() => _host.GetStateAsync("web", Cancel));
    }

    [Fact]
    public async Task Guests_are_acted_on_by_number()
    {
        List("Domain-0   0  1024  1  r-----  1.0", "12   7   384   1  r-----  12.3");
        await _host.RequestShutdownAsync("12", Cancel);
        await _host.DestroyAsync("12", Cancel);
        File.ReadAllLines(_shell.In("xl.log")).ShouldContain("shutdown -F 7");
        File.ReadAllLines(_shell.In("xl.log")).ShouldContain("destroy 7");
        (await Should.ThrowAsync<RemoteException>(() => _host.DestroyAsync("Domain-0", Cancel))).Message.ShouldContain("own domain");
    }

    [Fact]
    public async Task A_host_without_a_toolstack_says_so()
    {
        using var bare = new LocalShell();
        (await Should.ThrowAsync<RemoteException>(() => new XenHost(bare, TimeProvider.System).TakeInventoryAsync(Cancel))).Message.ShouldContain("neither xl nor xm");
        (await Should.ThrowAsync<RemoteException>(() => new XenHost(bare, TimeProvider.System).GetStateAsync("x", Cancel))).Message.ShouldContain("neither xl nor xm");
    }

    [Fact]
    public async Task Configs_links_disks_and_contents_make_guests()
    {
        var image = _shell.In("root.img");
        using (var file = File.Create(image))
        {
            file.SetLength(8 << 20);
        }

        Ssh.TestSshd.Run("mkfs.ext4", "-q", "-F", "-L", "root fs", "-U", "0f0f0f0f-1111-4222-8333-444444444444", image);
        var config = _shell.Write("etc/files.cfg", $"""
            name = "files"
            type = "pv"
            kernel = "/boot/vmlinuz"
            extra = "console=hvc0"
            root = "/dev/xvda1 ro"
            memory = 384
            vcpus = 1
            disk = ['file:{image},xvda1,w', 'phy:/dev/vg-none/gone,xvda2,w']
            vif = ['mac=00:16:3e:00:00:01,bridge=xenbr0,ip=10.77.0.101', 'bridge=xenbr1']
            pci = ['01:00.0']
            """);
        _shell.Write("etc/plain", "name = 'plain'\nbootloader = 'pygrub'\nmemory = 128\ndisk = []\n");
        _shell.Write("etc/xl.conf", "name = 'no'\nmemory = 1\n");
        _shell.Write("etc/gone.cfg.locked-by-xen2kvm", "name = 'gone'\nmemory = 1\n");
        _shell.Write("etc/gone.cfg.locked-by-xen2kvm.txt", "memory = 1");
        _shell.Write("etc/went.locked-by-xen2kvm", "name = 'went'\nmemory = 1\n");
        _shell.Write("locks/went.json", System.Text.Json.JsonSerializer.Serialize(new SourceLock(
            "went", Guid.NewGuid(), _shell.In("etc/auto/went"), _shell.In("etc/went.locked-by-xen2kvm"), null, null)));
        _shell.Write("locks/broken.json", "{");
        _shell.Write("etc/copy-of-files", "name = 'files'\nmemory = 1\n");
        _shell.Write("etc/computed.cfg", "import os\nname = os.uname()[1]\nmemory = 128\n");
        Directory.CreateDirectory(_shell.In("etc/auto"));
        File.CreateSymbolicLink(_shell.In("etc/auto/files"), "../files.cfg");
        var snapshot = await new XenInventory(_shell, TimeProvider.System) { ConfigDirectory = _shell.In("etc"), LockDirectory = _shell.In("locks") }.TakeAsync(Cancel);
        snapshot.Facts.Hypervisor.ShouldBe("Xen 4.17.5");
        snapshot.Facts.FreeMemoryMiB.ShouldBe(900);
        snapshot.Guests.Select(guest => guest.Name).ShouldBe(["files", "gone", "plain", "went"]);
        snapshot.Guests.Where(guest => guest.IsLocked).Select(guest => (guest.ConfigPath, guest.Autostart))
            .ShouldBe([(_shell.In("etc/gone.cfg"), false), (_shell.In("etc/auto/went"), true)]);
        var files = snapshot.Guests[0];
        files.ShouldSatisfyAllConditions(
            () => files.ConfigPath.ShouldBe(config), () => files.Autostart.ShouldBeTrue(), () => files.Power.ShouldBe(PowerState.Off),
            () => files.Kind.ShouldBe(GuestKind.Pv), () => files.Boot.Method.ShouldBe(BootMethod.HostKernel),
            () => files.Boot.CommandLine.ShouldBe("root=/dev/xvda1 ro console=hvc0"), () => files.Unsupported.Single().ShouldStartWith("pci ="));
        files.Disks[0].ShouldSatisfyAllConditions(
            disk => disk.Backing.ShouldBe(DiskBacking.File), disk => disk.SizeBytes.ShouldBe(8 << 20), disk => disk.Content.ShouldBe("ext4"),
            disk => disk.ContentUuid.ShouldBe("0f0f0f0f-1111-4222-8333-444444444444"), disk => disk.ContentLabel.ShouldBe("root fs"),
            disk => disk.Partition.ShouldBe(1), disk => disk.GuestName.ShouldBe("xvda1"));
        files.Disks[1].Backing.ShouldBe(DiskBacking.Missing);
        files.Nics[0].ShouldSatisfyAllConditions(
            nic => nic.MacIsFixed.ShouldBeTrue(), nic => nic.Addresses.ShouldBe(["10.77.0.101"]), nic => nic.Bridge.ShouldBe("xenbr0"));
        files.Nics[1].MacIsFixed.ShouldBeFalse();
        files.Facts.ShouldContain(new GuestFact("Kernel", "/boot/vmlinuz", FactSource.Config, $"{config}:3"));
        files.Facts.ShouldContain(fact => fact.Name == "Content of xvda1" && fact.Source == FactSource.Disk);
        snapshot.Guests[2].Boot.ShouldBe(new() { Method = BootMethod.HostBootLoader, BootLoader = "pygrub" });
        snapshot.Problems.ShouldContain(problem => problem.StartsWith(_shell.In("locks/broken.json"), StringComparison.Ordinal));
        snapshot.Problems.ShouldContain(problem => problem.Contains("both define files", StringComparison.Ordinal));
        snapshot.Problems.ShouldContain(problem => problem.StartsWith(_shell.In("etc/computed.cfg:"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_inventory_is_as_old_as_its_beginning()
    {
        // What happens while a host is read may be missing in what was read.
        var clock = new ClockOfCommands(_shell);
        (await new XenInventory(_shell, clock) { ConfigDirectory = _shell.In("etc"), LockDirectory = _shell.In("locks") }.TakeAsync(Cancel)).TakenAt.ShouldBe(clock.Start);
        _shell.Commands.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task A_running_domain_is_compared_with_its_config()
    {
        _shell.Write("etc/db.cfg", "name = 'db'\nkernel = '/boot/k'\nmemory = 256\nvcpus = 1\ndisk = ['phy:/dev/vg0/db,xvda,w']\nvif = ['bridge=xenbr0']\n");
        List("db   3   512   2  -b----  5.0");
        _shell.Write("long", """
            [{"domid": 3, "config": {
              "c_info": {"type": "pv", "name": "db", "uuid": "6a5f3f0e-0000-4000-8000-00000000abcd"},
              "b_info": {"max_vcpus": 2, "avail_vcpus": [0, 1], "max_memkb": 524288, "target_memkb": 524288, "kernel": "/boot/k", "type.pv": {}},
              "disks": [{"pdev_path": "/dev/vg0/db", "vdev": "xvda", "format": "raw", "readwrite": 1}],
              "nics": [{"devid": 0, "mac": "00:16:3e:12:34:56", "bridge": "xenbr0", "nictype": "vif"}]}}]
            """);
        var snapshot = await new XenInventory(_shell, TimeProvider.System) { ConfigDirectory = _shell.In("etc"), LockDirectory = _shell.In("locks") }.TakeAsync(Cancel);
        var db = snapshot.Guests.Single();
        db.Power.ShouldBe(PowerState.Running);
        db.MemoryMiB.ShouldBe(512);
        db.Nics[0].ShouldSatisfyAllConditions(nic => nic.Mac.ShouldBe("00:16:3e:12:34:56"), nic => nic.MacIsFixed.ShouldBeFalse());
        db.Drift.ShouldContain(text => text.StartsWith("memory:", StringComparison.Ordinal));
        db.Facts.ShouldContain(fact => fact.Name == "Domain id" && fact.Value == "3");
    }

    [Fact]
    public async Task A_kernels_config_says_whether_it_runs_on_KVM()
    {
        _shell.Write("boot/config-6.1.0", "CONFIG_XEN=y\nCONFIG_PARAVIRT=y\nCONFIG_VIRTIO_BLK=m\nCONFIG_VIRTIO_NET=m\nCONFIG_VIRTIO_PCI=m\n");
        var kernel = _shell.Write("boot/vmlinuz-6.1.0", "x");
        var initrd = _shell.Write("boot/initrd.img-6.1.0", "x");
        File.CreateSymbolicLink(_shell.In("boot/vmlinuz"), "vmlinuz-6.1.0");
        _shell.Program("lsinitramfs", "echo usr/lib/modules/6.1.0/virtio_blk.ko; echo usr/lib/modules/6.1.0/virtio_pci.ko.xz");
        (await _host.ReadKernelAsync(_shell.In("boot/vmlinuz"), initrd, Cancel)).ShouldBe(new("6.1.0", true, true, true));
        _shell.Program("lsinitramfs", "echo usr/lib/modules/6.1.0/ext4.ko");
        (await _host.ReadKernelAsync(kernel, initrd, Cancel)).ShouldBe(new("6.1.0", true, true, true), "the file is the same, so it is not unpacked again");
        (await _host.ReadKernelAsync(kernel, _shell.Write("boot/initrd.img-other", "y"), Cancel)).ShouldBe(new("6.1.0", true, true, false));
        (await _host.ReadKernelAsync(kernel, null, Cancel)).ShouldBe(new("6.1.0", true, true, null));
        _shell.Program("lsinitramfs", "echo usr/lib/modules/6.1.0/virtio_blk.ko; exit 1");
        (await _host.ReadKernelAsync(kernel, _shell.Write("boot/initrd.img-broken", "zz"), Cancel)).ShouldBe(new("6.1.0", true, true, null), "a listing that failed says nothing");
        _shell.Write("boot/config-2.6.18-xen", "CONFIG_XEN=y\nCONFIG_X86_64_XEN=y\n");
        (await _host.ReadKernelAsync(_shell.Write("boot/vmlinuz-2.6.18-xen", "x"), null, Cancel)).ShouldBe(new("2.6.18-xen", false, false, null));
        (await _host.ReadKernelAsync(_shell.Write("boot/vmlinuz-9.9", "x"), null, Cancel)).ShouldBeNull();
        (await _host.ReadKernelAsync(_shell.In("boot/none"), null, Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_mark_of_a_disk_changes_with_a_write_and_with_nothing_else()
    {
        var file = _shell.Write("disk with a 'name.img", new string('x', 65536));
        var gone = _shell.In("gone.img");
        string[] disks = [file, gone];
        var before = await _host.MarkDisksAsync(disks, Cancel);
        before.Select(mark => mark.Path).ShouldBe(disks);
        before.Select(mark => mark.SizeBytes).ShouldBe([65536, null]);
        before[1].Value.ShouldBe("missing");

        _ = await File.ReadAllBytesAsync(file, Cancel);
        var read = await _host.MarkDisksAsync(disks, Cancel);
        read.Zip(before).ShouldAllBe(pair => pair.First.IsUntouchedSince(pair.Second), "reading leaves no mark");

        await using (var stream = File.OpenWrite(file))
        {
            stream.WriteByte(1);
        }

        var written = await _host.MarkDisksAsync(disks, Cancel);
        written[0].IsUntouchedSince(before[0]).ShouldBeFalse();
        written[0].DifferenceFrom(before[0]).ShouldBe($"{file} was changed");

        await File.AppendAllTextAsync(file, "more", Cancel);
        var grown = await _host.MarkDisksAsync(disks, Cancel);
        (grown[0] with { Value = written[0].Value }).IsUntouchedSince(written[0]).ShouldBeFalse("the size alone tells");
        grown[0].DifferenceFrom(written[0]).ShouldBe($"{file} had 65536 bytes, has 65540");
        (await _host.MarkDisksAsync([], Cancel)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("block 10", "block 10", true)]
    [InlineData("block 10", "block 12", false)]
    [InlineData("block 10", "block 0", true)]
    [InlineData("block 10", "block 4", false)]
    [InlineData("file 2026-01-01 00:00:00.1 +0000", "block 0", false)]
    [InlineData("block 10", "missing", false)]
    public void A_device_that_counts_from_zero_again_is_untouched_as_long_as_it_stands_there(string then, string now, bool untouched) =>
        new Engine.Ports.DiskMark("/dev/a", now, 4096).IsUntouchedSince(new("/dev/a", then, 4096)).ShouldBe(untouched);

    [Fact]
    public void Every_script_is_one_that_a_POSIX_shell_reads()
    {
        foreach (var name in typeof(HostScripts).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sh", StringComparison.Ordinal)))
        {
            var file = _shell.Write("script.sh", System.Text.Encoding.UTF8.GetString(HostScripts.Command(name).StandardInput.Span));
            Should.NotThrow(() => Ssh.TestSshd.Run("sh", "-n", file), name);
            File.ReadAllText(file).ShouldStartWith("# ", customMessage: name);
        }
    }

    public void Dispose() => _shell.Dispose();

    private void List(params string[] rows) => _shell.Write("list",
        "Name                                        ID   Mem VCPUs\tState\tTime(s)\n" + string.Join('\n', rows) + "\n");

    /// <summary>A second passes with every command.</summary>
    private sealed class ClockOfCommands(LocalShell shell) : TimeProvider
    {
        public DateTimeOffset Start { get; } = new(2026, 11, 26, 2, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Start.AddSeconds(shell.Commands);
    }
}
