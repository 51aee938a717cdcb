using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Libvirt;

namespace Xen2Kvm.Hosts.Tests.Libvirt;

/// <summary>Disks and guests of a KVM host: the real scripts, qemu-img and files, with a scripted virsh and LVM.</summary>
public sealed class KvmHostTests : IDisposable
{
    private const long Size = 8 << 20;
    private static readonly Guid Run = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();
    private readonly LocalShell _shell = new();
    private readonly KvmHost _host;

    public KvmHostTests()
    {
        _host = new(_shell, TimeProvider.System);
        Directory.CreateDirectory(_shell.In("pool"));
        _shell.Program("virsh", """
            shift 3
            echo "$@" >>ROOT/virsh.log
            case "$1 $2 $3" in
              "pool-dumpxml --pool images") printf '<pool type="dir"><target>\n<path>ROOT/pool</path>\n</target></pool>\n' ;;
              "pool-dumpxml"*) echo "error: no pool" >&2; exit 1 ;;
              "list --all --uuid") cat ROOT/domains ;;
              "domstate "*) cat "ROOT/state-$2" ;;
              "dumpxml "*) for l in "$@"; do :; done; cat "ROOT/xml-$l" ;;
              "define --validate /dev/stdin") cat >ROOT/defined ;;
            esac
            """);
        _shell.Write("domains", "");
        _shell.Write("lvs.txt", "");
        _shell.Program("vgs", "for l in \"$@\"; do :; done; [ \"$l\" = vg0 ] && echo '  100000000'");
        _shell.Program("lvs", """
            for l in "$@"; do :; done
            case $* in
              *lv_size,lv_tags*) grep "^$l " ROOT/lvs.txt | cut -d' ' -f2 ;;
              *lv_size*) grep "^$l " ROOT/lvs.txt | cut -d' ' -f2 | cut -d'|' -f1 ;;
              *) grep -q "^$l " ROOT/lvs.txt ;;
            esac
            """);
        _shell.Program("lvcreate", "echo \"$@\" >>ROOT/lvm.log; echo \"vg0/files 8388608|$6\" >>ROOT/lvs.txt");
        _shell.Program("lvchange", "exit 0");
        _shell.Program("blkdiscard", "echo \"$@\" >>ROOT/zeroed.log");
        _shell.Program("lvremove", ": >ROOT/lvs.txt");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DiskFormat.Raw)]
    [InlineData(DiskFormat.Qcow2)]
    public async Task A_file_is_made_sparse_with_its_runs_mark_and_adopted_by_the_same_run(DiskFormat format)
    {
        var disk = File("disk", format);
        var made = await _host.AllocateAsync(disk, Run, Cancel);
        made.ShouldBe(new(disk.Path, format, Size, false));
        System.IO.File.ReadAllText(disk.Path + ".x2k-run").Trim().ShouldBe($"{Run}");
        await System.IO.File.WriteAllTextAsync(_shell.In("pool/unrelated"), "x", Cancel);
        (await _host.AllocateAsync(disk, Run, Cancel)).ShouldBe(made);
        (await _host.FindAllocatedAsync(disk, Run, Cancel)).ShouldBe(made);
        (await _host.FindAllocatedAsync(disk, Other, Cancel)).ShouldBeNull();
        (await _host.ExistsAsync(disk.Path, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_cut_off_allocation_is_completed_by_the_same_run()
    {
        var disk = File("disk", DiskFormat.Raw);
        await System.IO.File.WriteAllTextAsync(disk.Path + ".x2k-run", $"{Run}\n", Cancel);
        await System.IO.File.WriteAllTextAsync(disk.Path + ".x2k-new", "half", Cancel);
        (await _host.FindAllocatedAsync(disk, Run, Cancel)).ShouldBeNull();
        (await _host.AllocateAsync(disk, Run, Cancel)).SizeBytes.ShouldBe(Size);
    }

    [Fact]
    public async Task A_file_of_another_run_or_of_nobody_is_left_alone()
    {
        var disk = File("disk", DiskFormat.Raw);
        await _host.AllocateAsync(disk, Other, Cancel);
        (await Refused(() => _host.AllocateAsync(disk, Run, Cancel))).ShouldContain($"belongs to another run ({Other})");
        (await Refused(() => _host.DeleteAsync(disk, Run, Cancel))).ShouldContain("belongs to another run");
        var foreign = File("precious", DiskFormat.Raw);
        await System.IO.File.WriteAllTextAsync(foreign.Path, "data", Cancel);
        (await Refused(() => _host.AllocateAsync(foreign, Run, Cancel))).ShouldContain("was not made by this program");
        (await Refused(() => _host.DeleteAsync(foreign, Run, Cancel))).ShouldContain("was not made by this program");
        System.IO.File.ReadAllText(foreign.Path).ShouldBe("data");
    }

    [Fact]
    public async Task A_link_in_the_place_of_the_disk_is_refused()
    {
        var disk = File("disk", DiskFormat.Raw);
        System.IO.File.CreateSymbolicLink(disk.Path, _shell.Write("elsewhere", "x"));
        (await Refused(() => _host.AllocateAsync(disk, Run, Cancel))).ShouldContain("was not made by this program");
        await System.IO.File.WriteAllTextAsync(disk.Path + ".x2k-run", $"{Run}\n", Cancel);
        (await Refused(() => _host.AllocateAsync(disk, Run, Cancel))).ShouldContain("no plain file");
    }

    [Fact]
    public async Task A_disk_of_this_run_with_another_size_is_refused()
    {
        var disk = File("disk", DiskFormat.Raw);
        await _host.AllocateAsync(disk, Run, Cancel);
        (await Refused(() => _host.AllocateAsync(disk with { SizeBytes = Size * 2 }, Run, Cancel))).ShouldContain("are needed");
    }

    [Fact]
    public async Task Deleting_removes_disk_and_mark_and_is_harmless_when_repeated()
    {
        var disk = File("it's $(here)", DiskFormat.Raw);
        await _host.AllocateAsync(disk, Run, Cancel);
        await _host.DeleteAsync(disk, Run, Cancel);
        Directory.GetFiles(_shell.In("pool")).ShouldBeEmpty();
        await _host.DeleteAsync(disk, Run, Cancel);
    }

    [Fact]
    public async Task Too_little_room_is_told_before_anything_is_made()
    {
        var disk = File("huge", DiskFormat.Qcow2) with { SizeBytes = 1L << 60 };
        (await Refused(() => _host.AllocateAsync(disk, Run, Cancel))).ShouldContain("bytes free");
        Directory.GetFiles(_shell.In("pool")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_path_outside_the_pool_and_an_unknown_pool_are_refused()
    {
        (await Refused(() => _host.AllocateAsync(File("x", DiskFormat.Raw) with { Path = _shell.In("x") }, Run, Cancel))).ShouldContain("does not lie in the directory");
        (await Refused(() => _host.AllocateAsync(File("x", DiskFormat.Raw) with { StorageName = "nowhere" }, Run, Cancel))).ShouldContain("no storage pool nowhere");
    }

    [Theory]
    [InlineData("/dev/vg0/../sda")]
    [InlineData("/dev/vg1/files")]
    [InlineData("/dev/vg0/a b")]
    [InlineData("/dev/vg0/-f")]
    [InlineData("/dev/vg0/a/b")]
    [InlineData("relative")]
    public async Task A_path_that_is_no_volume_of_its_group_is_refused(string path) =>
        (await Refused(() => _host.AllocateAsync(Volume() with { Path = path }, Run, Cancel))).ShouldContain(path);

    [Theory]
    [InlineData("/pool/../etc/passwd")]
    [InlineData("/pool//x")]
    [InlineData("/pool/./x")]
    [InlineData("/pool/x\n")]
    [InlineData("/dev/sda")]
    public async Task A_path_with_tricks_is_refused(string path) =>
        await Refused(() => _host.AllocateAsync(File("x", DiskFormat.Raw) with { Path = path }, Run, Cancel));

    [Fact]
    public async Task A_volume_is_made_with_its_runs_tag_adopted_and_deleted()
    {
        var disk = Volume();
        (await _host.AllocateAsync(disk, Run, Cancel)).ShouldBe(new(disk.Path, DiskFormat.Raw, Size, true));
        System.IO.File.ReadAllText(_shell.In("lvm.log")).ShouldContain($"--addtag x2k_{Run} -L {Size}b -n files vg0");
        (await _host.AllocateAsync(disk, Run, Cancel)).SizeBytes.ShouldBe(Size);
        (await _host.FindAllocatedAsync(disk, Other, Cancel)).ShouldBeNull();
        (await Refused(() => _host.AllocateAsync(disk, Other, Cancel))).ShouldContain($"belongs to another run ({Run})");
        (await Refused(() => _host.DeleteAsync(disk, Other, Cancel))).ShouldContain("another run");
        (await _host.ExistsAsync(disk.Path, Cancel)).ShouldBeTrue();
        await _host.DeleteAsync(disk, Run, Cancel);
        (await _host.ExistsAsync(disk.Path, Cancel)).ShouldBeFalse();
        await _host.DeleteAsync(disk, Run, Cancel);
    }

    [Fact]
    public async Task A_volume_is_zeroed_where_nothing_is_copied_also_when_an_earlier_attempt_was_cut_off()
    {
        const long MiB = 1 << 20;
        DiskPart Part(long offset, long length, PartAction action) => new()
        {
            SourceVdev = "xvda1", SourcePath = "/dev/vg/x", OffsetBytes = offset, LengthBytes = length, PartitionNumber = 1, Action = action,
        };
        var disk = Volume() with { Parts = [Part(MiB, 2 * MiB, PartAction.Copy), Part(3 * MiB, MiB, PartAction.RecreateSwap), Part(4 * MiB, MiB + 1536, PartAction.Copy)] };
        await _host.AllocateAsync(disk, Run, Cancel);
        string[] zeroed =
        [
            $"-z -o 0 -l {MiB} {disk.Path}", $"-z -o {3 * MiB} -l {MiB} {disk.Path}", $"-z -o {5 * MiB} -l {Size - (5 * MiB)} {disk.Path}",
        ];
        System.IO.File.ReadAllLines(_shell.In("zeroed.log")).ShouldBe(zeroed);
        await _host.FindAllocatedAsync(disk, Run, Cancel);
        System.IO.File.ReadAllLines(_shell.In("zeroed.log")).ShouldBe(zeroed);
        await _host.AllocateAsync(disk, Run, Cancel);
        System.IO.File.ReadAllLines(_shell.In("zeroed.log")).ShouldBe([.. zeroed, .. zeroed]);
    }

    [Fact]
    public async Task A_volume_of_nobody_is_left_alone_and_room_is_checked()
    {
        _shell.Write("lvs.txt", "vg0/files 8388608|\n");
        (await Refused(() => _host.AllocateAsync(Volume(), Run, Cancel))).ShouldContain("was not made by this program");
        (await Refused(() => _host.AllocateAsync(Volume() with { Path = "/dev/vg0/big", SizeBytes = 1L << 40 }, Run, Cancel))).ShouldContain("100000000 bytes free");
    }

    [Fact]
    public async Task A_guest_whose_name_is_a_number_is_found_by_name_and_not_by_id()
    {
        Known("7", "running", "");
        (await _host.GetStateAsync("7", Cancel)).ShouldBe(PowerState.Running);
        (await _host.GetStateAsync("8", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Names_with_spaces_and_shell_words_are_found()
    {
        Known("a  b $(x) 'y'", "shut off", "");
        (await _host.GetStateAsync("a  b $(x) 'y'", Cancel)).ShouldBe(PowerState.Off);
        (await _host.GetStateAsync("a b $(x) 'y'", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task A_guest_of_another_is_not_redefined()
    {
        var target = new TargetGuest { Name = "web", Uuid = Guid.NewGuid(), Vcpus = 1, MaxVcpus = 1, MemoryMiB = 128, MaxMemoryMiB = 128, Disks = [], Nics = [] };
        var xml = _host.BuildXml(target, Run);
        await _host.DefineAsync(xml, Cancel);
        System.IO.File.ReadAllText(_shell.In("defined")).ShouldBe(xml);
        Known("web", "shut off", _host.BuildXml(target, Other));
        (await _host.GetOwnerAsync("web", Cancel)).ShouldBe(Other);
        (await Refused(() => _host.DefineAsync(xml, Cancel))).ShouldContain($"of run {Other}");
        Known("web", "shut off", "<domain><name>web</name></domain>");
        (await Refused(() => _host.DefineAsync(xml, Cancel))).ShouldContain("did not make");
        Known("web", "shut off", xml);
        await _host.DefineAsync(xml, Cancel);
    }

    [Fact]
    public async Task The_console_is_read_from_its_end()
    {
        var log = _shell.Write("console.log", new string('x', 300_000) + "login: ");
        Known("web", "running", $"<domain><devices><serial type='pty'><log file='{log}'/></serial></devices></domain>");
        var text = await _host.ReadConsoleAsync("web", Cancel);
        text.Length.ShouldBe(256 << 10);
        text.ShouldEndWith("login: ");
        (await _host.ReadConsoleAsync("nobody", Cancel)).ShouldBe("");
    }

    [Fact]
    public async Task Tcp_connections_are_tried_from_the_host()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        (await _host.ConnectTcpAsync("127.0.0.1", port, Cancel)).ShouldBeTrue();
        listener.Stop();
        (await _host.ConnectTcpAsync("127.0.0.1", port, Cancel)).ShouldBeFalse();
        await Should.ThrowAsync<ArgumentException>(() => _host.ConnectTcpAsync("$(id)", port, Cancel));
        await Should.ThrowAsync<ArgumentException>(() => _host.PingAsync("-f", Cancel));
    }

    public void Dispose() => _shell.Dispose();

    private void Known(string name, string state, string xml)
    {
        var uuid = Guid.NewGuid();
        _shell.Write("domains", $"{uuid} {name}\n");
        _shell.Write($"state-{uuid}", state + "\n");
        _shell.Write($"xml-{uuid}", xml);
    }

    private TargetDisk File(string name, DiskFormat format) => new()
    {
        Device = "vda",
        StorageKind = StorageKind.Directory,
        StorageName = "images",
        Path = _shell.In("pool/" + name),
        Format = format,
        SizeBytes = Size,
        Table = PartitionTableKind.Copied,
        Parts = [],
    };

    private TargetDisk Volume() => File("x", DiskFormat.Raw) with { StorageKind = StorageKind.VolumeGroup, StorageName = "vg0", Path = "/dev/vg0/files" };

    private static async Task<string> Refused(Func<Task> act) => (await Should.ThrowAsync<RemoteException>(act)).Message;
}
