using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Cleanups;
using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Tests.Cleanups;

/// <summary>Looking at what a move left and deleting it: the real script on real files, with a scripted LVM.</summary>
public sealed class RemainsTests : IDisposable
{
    private const string Volumes = """
          vg0|files-root|uUID-1|4194304|-wi-a-----|wz--n-|
          vg0|files-root2|uUID-2|8388608|-wi-a-----|wz--n-|
          vg-1|old|uUID-3|4194304|-wi-ao----|wz--n-|
        """;

    private readonly LocalShell _shell = new();
    private readonly Remains _remains;
    private readonly string _own;

    public RemainsTests()
    {
        Directory.CreateDirectory(_shell.In("etc/auto"));
        Directory.CreateDirectory(_shell.In("drbd.d"));
        _remains = new(_shell) { ConfigDirectory = _shell.In("etc"), LockDirectory = _shell.In("locks"), DrbdDirectory = _shell.In("drbd.d") };
        _own = _shell.Write("etc/files.cfg.locked-by-xen2kvm", "disk = ['phy:/dev/vg0/files-root,xvda,w']\n");
        _shell.Write("lvs", Volumes);
        _shell.Program("lvs", "[ ! -e ROOT/broken ] || { echo 'cannot lock' >&2; exit 5; }; cat ROOT/lvs");
        _shell.Program("lvremove", """echo "lvremove $*" >>ROOT/did; [ ! -e ROOT/held ] || { echo '  Logical volume in use.' >&2; exit 5; }; grep -v "|${3#*/}|" ROOT/lvs >ROOT/left; mv ROOT/left ROOT/lvs""");
        _shell.Program("drbdadm", "[ ! -e ROOT/drbd ] || cat ROOT/drbd");
        _shell.Program("losetup", "[ ! -e ROOT/loop ] || echo '/dev/loop0: []: ('\"$2\"')'");
        _shell.Program("dpkg", "[ -e ROOT/packaged ]");
        _shell.Program("rpm", "exit 1");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RemnantPlace Root => new(RemnantForm.Volume, "/dev/vg0/files-root", _own);

    [Fact]
    public async Task A_volume_is_known_by_its_uuid_and_deleted_by_the_command_that_was_shown()
    {
        var found = (await LookAsync(Root))!;
        found.ShouldBe(new("volume uUID-1, 4194304 bytes", 4194304, null, "lvremove -q -y vg0/files-root"));
        (await LookAsync(Root with { Path = "/dev/mapper/vg0-files--root" })).ShouldBe(found);
        (await DeleteAsync(Root, found.Identity)).ShouldBe(RemnantEnd.Deleted);
        Did().ShouldBe([found.Command]);
        (await DeleteAsync(Root, found.Identity)).ShouldBe(RemnantEnd.Gone, "a second time is harmless");
        (await LookAsync(Root)).ShouldBeNull();
        Did().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Another_volume_of_the_same_name_is_not_touched()
    {
        _shell.Write("lvs", Volumes.Replace("uUID-1", "uUID-9", StringComparison.Ordinal));
        (await DeleteAsync(Root, "volume uUID-1, 4194304 bytes")).ShouldBe(RemnantEnd.Differs);
        _shell.Write("lvs", Volumes.Replace("uUID-1|4194304", "uUID-1|8388608", StringComparison.Ordinal));
        (await DeleteAsync(Root, "volume uUID-1, 4194304 bytes")).ShouldBe(RemnantEnd.Differs);
        Did().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("|-wi-a-----|wz--n-|", "|-wi-ao----|wz--n-|", "holds it open")]
    [InlineData("|-wi-a-----|wz--n-|", "|-wi-XX----|wz--n-|", "cannot tell whether it is in use")]
    [InlineData("|-wi-a-----|wz--n-|", "|owi-a-s---|wz--n-|", "origin of a snapshot")]
    [InlineData("|-wi-a-----|wz--n-|", "|swi-a-s---|wz--n-|base", "snapshot of base")]
    [InlineData("|-wi-a-----|wz--n-|", "|-wi-a-----|wz--ns|", "shared with other hosts")]
    [InlineData("|-wi-a-----|wz--n-|", "|twi-a-tz--|wz--n-|", "no plain volume")]
    public async Task A_volume_that_is_open_a_snapshot_or_an_origin_stays(string plain, string other, string why)
    {
        _shell.Write("lvs", Volumes.Replace($"files-root|uUID-1|4194304{plain}", $"files-root|uUID-1|4194304{other}", StringComparison.Ordinal));
        await StaysAsync(Root, why);
    }

    [Fact]
    public async Task The_origin_of_a_thin_snapshot_stays()
    {
        _shell.Write("lvs", Volumes.Replace("files-root|uUID-1|4194304|-wi-a-----|", "files-root|uUID-1|4194304|Vwi-a-tz--|", StringComparison.Ordinal) + "\n  vg0|nightly|uUID-7|4194304|Vwi---tz-k|wz--n-|files-root\n");
        await StaysAsync(Root, "origin of a snapshot");
        _shell.Write("lvs", Volumes + "\n  vg2|nightly|uUID-7|4194304|Vwi---tz-k|wz--n-|files-root\n");
        (await LookAsync(Root))!.Stays.ShouldBeNull("that is a volume of another group");
    }

    [Fact]
    public async Task A_volume_beneath_drbd_stays_also_while_its_resource_is_down()
    {
        _shell.Write("drbd", "/dev/vg0/other\n/dev/vg0/files-root\n");
        await StaysAsync(Root, "DRBD");
        File.Delete(_shell.In("drbd"));
        _shell.Write("drbd.d/r0.res", "resource r0 { on xen1 { disk /dev/vg0/files-root; } }\n");
        await StaysAsync(Root, "DRBD");
    }

    [Theory]
    [InlineData("disk = ['phy:/dev/vg0/files-root,xvdb,r']")]
    [InlineData("disk = ['phy:vg0/files-root,xvdb,r']")]
    [InlineData("not python at all {{{ /dev/vg0/files-root")]
    public async Task A_volume_that_another_config_names_stays_readable_or_not(string config)
    {
        _shell.Write("etc/web.cfg", config);
        await StaysAsync(Root, "web.cfg names it");
    }

    [Fact]
    public async Task A_volume_with_a_similar_name_or_a_comment_is_not_mistaken()
    {
        _shell.Write("etc/web.cfg", "# was /dev/vg0/files-root\ndisk = ['phy:/dev/vg0/files-root2,xvda,w', 'phy:/dev/myvg0/files-root,xvdb,w']\n");
        _shell.Write("etc/files.cfg.locked-by-xen2kvm.txt", "/dev/vg0/files-root\n");
        (await LookAsync(Root))!.Stays.ShouldBeNull();
        (await LookAsync(new RemnantPlace(RemnantForm.Volume, "/dev/vg0/files-root2", _own)))!.Stays!.ShouldContain("web.cfg");
    }

    [Fact]
    public async Task What_the_program_knows_of_other_guests_counts_under_any_name()
    {
        var image = _shell.Write("disks/a.img", "data");
        File.CreateSymbolicLink(_shell.In("disks/alias.img"), image);
        var place = new RemnantPlace(RemnantForm.File, image, _own);
        (await _remains.LookAsync(place, ["/dev/vg0/else", _shell.In("disks/alias.img")], Cancel))!.Stays!.ShouldContain("another guest uses it");
        (await Should.ThrowAsync<RemoteException>(async () => await _remains.DeleteAsync(place, (await LookAsync(place))!.Identity, [image], Cancel))).Message.ShouldContain("another guest uses it");
        File.Exists(image).ShouldBeTrue();
    }

    [Fact]
    public async Task A_path_that_leads_nowhere_or_to_a_file_is_no_volume()
    {
        File.CreateSymbolicLink(_shell.In("dangling"), "/no/such/directory/volume");
        (await LookAsync(Root with { Path = _shell.In("dangling") }))!.ShouldBe(new("no logical volume", 0, "it is no logical volume", ""));
        (await LookAsync(Root with { Path = _own }))!.Identity.ShouldBe("no logical volume");
        (await DeleteAsync(Root with { Path = _own }, "volume uUID-1, 4194304 bytes")).ShouldBe(RemnantEnd.Differs);
        Did().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_of_volumes_that_fails_never_means_gone()
    {
        _shell.Write("broken", "");
        (await Should.ThrowAsync<RemoteException>(() => LookAsync(Root))).Message.ShouldContain("cannot lock");
        await Should.ThrowAsync<RemoteException>(() => DeleteAsync(Root, "volume uUID-1, 4194304 bytes"));
        Did().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_lvm_itself_refuses_is_told()
    {
        _shell.Write("held", "");
        (await Should.ThrowAsync<RemoteException>(() => DeleteAsync(Root, "volume uUID-1, 4194304 bytes"))).Message.ShouldContain("Logical volume in use.");
    }

    [Theory]
    [InlineData("disk.img")]
    [InlineData("-rf")]
    [InlineData("a b'; touch pwned; '$(touch pwned) `touch pwned` <b>&")]
    [InlineData("é😀*?[x]")]
    public async Task A_file_of_any_name_is_deleted_and_nothing_beside_it(string name)
    {
        var (image, beside) = (_shell.Write($"disks/{name}", "data"), _shell.Write("disks/beside.img", "data"));
        var place = new RemnantPlace(RemnantForm.File, image, _own);
        var found = (await LookAsync(place))!;
        found.Stays.ShouldBeNull();
        found.Identity.ShouldContain(", 4 bytes, changed ");
        found.Command.ShouldBe($"rm -f -- {Hosts.Ssh.PosixQuoting.Quote(image)}");
        (await DeleteAsync(place, found.Identity)).ShouldBe(RemnantEnd.Deleted);
        (await DeleteAsync(place, found.Identity)).ShouldBe(RemnantEnd.Gone);
        Directory.GetFiles(_shell.In("disks")).ShouldBe([beside]);
    }

    [Fact]
    public async Task A_file_that_was_changed_replaced_or_is_in_use_stays()
    {
        var image = _shell.Write("disks/a.img", "data");
        var place = new RemnantPlace(RemnantForm.File, image, _own);
        var identity = (await LookAsync(place))!.Identity;
        await using (File.OpenRead(image))
        {
            await StaysAsync(place, "holds it open");
        }

        _shell.Write("loop", "");
        await StaysAsync(place, "loop device");
        File.Delete(_shell.In("loop"));
        await File.AppendAllTextAsync(image, "x", Cancel);
        (await DeleteAsync(place, identity)).ShouldBe(RemnantEnd.Differs);
        File.Delete(image);
        File.CreateSymbolicLink(image, _shell.Write("disks/else.img", "data"));
        (await LookAsync(place))!.Stays!.ShouldContain("no plain file");
        (await DeleteAsync(place, identity)).ShouldBe(RemnantEnd.Differs);
        File.Exists(_shell.In("disks/else.img")).ShouldBeTrue();
    }

    [Fact]
    public async Task Kernels_of_the_host_itself_stay()
    {
        var kernel = _shell.Write("kernels/vmlinuz-2.6.18", "k");
        var place = new RemnantPlace(RemnantForm.Kernel, kernel, _own);
        (await LookAsync(place))!.Stays.ShouldBeNull();
        _shell.Write("etc/other.cfg", $"kernel = \"{kernel}\"\n");
        await StaysAsync(place, "other.cfg names it");
        File.Delete(_shell.In("etc/other.cfg"));
        _shell.Write("packaged", "");
        await StaysAsync(place, "package");
        if (Directory.GetFiles("/usr/bin").FirstOrDefault(file => new FileInfo(file).LinkTarget is null) is { } own)
        {
            (await LookAsync(new RemnantPlace(RemnantForm.Kernel, own)))!.Stays.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_configuration_is_known_by_its_content()
    {
        var place = new RemnantPlace(RemnantForm.Text, _own, _own);
        var found = (await LookAsync(place))!;
        found.Identity.ShouldStartWith("sha256 ");
        await File.AppendAllTextAsync(_own, "memory = 1\n", Cancel);
        (await DeleteAsync(place, found.Identity)).ShouldBe(RemnantEnd.Differs);
        (await DeleteAsync(place, (await LookAsync(place))!.Identity)).ShouldBe(RemnantEnd.Deleted);
        File.Exists(_own).ShouldBeFalse();
    }

    [Fact]
    public async Task Only_a_runs_own_directory_is_taken_away()
    {
        var run = Guid.NewGuid().ToString("N");
        _shell.Write($"x2k/runs/{run}/job.json", "{}");
        var place = new RemnantPlace(RemnantForm.Jobs, _shell.In($"x2k/runs/{run}"));
        var found = (await LookAsync(place))!;
        (await DeleteAsync(place, found.Identity)).ShouldBe(RemnantEnd.Deleted);
        (await DeleteAsync(place, found.Identity)).ShouldBe(RemnantEnd.Gone);
        Directory.Exists(_shell.In("x2k/runs")).ShouldBeTrue();
        foreach (var path in new[] { _shell.In("x2k/runs"), _shell.In("x2k/runs/.."), _shell.In("x2k"), "/", "x2k" })
        {
            await Should.ThrowAsync<RemoteException>(() => DeleteAsync(new RemnantPlace(RemnantForm.Jobs, path), "x"));
        }
    }

    [Fact]
    public void The_script_runs_only_lvremove_without_force_and_rm()
    {
        var script = HostScripts.Text("remains.sh");
        script.ShouldNotContain("lvremove -f");
        script.ShouldNotContain("lvremove --force");
        script.ShouldNotContain("eval ");
    }

    [Fact]
    public void Files_of_a_lock_and_commands_for_target_disks_are_those_of_the_scripts_that_make_them()
    {
        var held = new SourceLock("we b", Guid.NewGuid(), "/etc/xen/web.cfg", "/etc/xen/web.cfg.locked-by-xen2kvm", "/etc/xen/auto/web", null);
        _remains.FilesOf(held).ShouldBe(new(_shell.In("locks/we%20b.json"), "/etc/xen/web.cfg.locked-by-xen2kvm.txt", _shell.In("locks/we%20b.auto")));
        _remains.FilesOf(held with { AutostartTarget = "../web.cfg", LockedConfigPath = null }).ShouldBe(new(_shell.In("locks/we%20b.json"), null, null));
        var disk = new TargetDisk
        {
            Device = "vda", StorageKind = StorageKind.Directory, StorageName = "default", Path = "/srv/my disk", Format = DiskFormat.Raw, SizeBytes = 1, Table = PartitionTableKind.Copied, Parts = [],
        };
        _remains.CommandOf(disk).ShouldBe("rm -f -- '/srv/my disk' '/srv/my disk.x2k-new' '/srv/my disk.x2k-run'");
        _remains.CommandOf(disk with { StorageKind = StorageKind.VolumeGroup, Path = "/dev/vg1/web" }).ShouldBe("lvremove -f vg1/web");
    }

    public void Dispose() => _shell.Dispose();

    private Task<Remnant?> LookAsync(RemnantPlace place) => _remains.LookAsync(place, [], Cancel);

    private Task<RemnantEnd> DeleteAsync(RemnantPlace place, string identity) => _remains.DeleteAsync(place, identity, [], Cancel);

    private async Task StaysAsync(RemnantPlace place, string why)
    {
        var found = (await LookAsync(place))!;
        found.Stays.ShouldNotBeNull().ShouldContain(why);
        (await Should.ThrowAsync<RemoteException>(() => DeleteAsync(place, found.Identity))).Message.ShouldContain(why);
        Did().ShouldBeEmpty();
    }

    private List<string> Did() => File.Exists(_shell.In("did")) ? [.. File.ReadAllLines(_shell.In("did"))] : [];
}
