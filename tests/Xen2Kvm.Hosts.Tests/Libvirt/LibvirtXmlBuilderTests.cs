using System.Xml.Linq;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Hosts.Libvirt;
using Xen2Kvm.Hosts.Tests.Ssh;

namespace Xen2Kvm.Hosts.Tests.Libvirt;

/// <summary>The definition that a target guest gets.</summary>
public sealed class LibvirtXmlBuilderTests
{
    private static readonly Guid Run = Guid.Parse("0190b2c0-1111-7000-8000-000000000001");

    public static TheoryData<string> Cases => ["kvm-volumes", "emulated-files", "uefi-many-disks", "hostile-name", "old-ide"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Definitions_are_as_in_the_golden_files(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Golden", "libvirt", name + ".xml");
        var xml = LibvirtXmlBuilder.Build(Guest(name), Run);
        if (Environment.GetEnvironmentVariable("X2K_WRITE_GOLDEN") is { Length: > 0 } into)
        {
            File.WriteAllText(Path.Combine(into, "libvirt", name + ".xml"), xml);
            return;
        }

        xml.ShouldBe(File.ReadAllText(path));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Definitions_are_valid_by_libvirts_schema(string name)
    {
        if (!File.Exists("/usr/bin/virt-xml-validate") || !File.Exists("/usr/bin/xmllint"))
        {
            Assert.Skip("virt-xml-validate is not installed (apt install libvirt-clients libxml2-utils)");
        }

        using var shell = new LocalShell();
        var file = shell.Write("domain.xml", LibvirtXmlBuilder.Build(Guest(name), Run));
        Should.NotThrow(() => TestSshd.Run("virt-xml-validate", file, "domain"));
    }

    [Fact]
    public void The_run_that_made_it_can_be_read_back()
    {
        var domain = LibvirtDomainReader.Parse(LibvirtXmlBuilder.Build(Guest("kvm-volumes"), Run));
        LibvirtDomainReader.Owner(domain).ShouldBe(Run);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\nb")]
    [InlineData("a\u0001b")]
    [InlineData("..")]
    [InlineData(" a")]
    public void A_name_that_libvirt_cannot_have_is_refused(string name) =>
        Should.Throw<ArgumentException>(() => LibvirtXmlBuilder.Build(Guest("kvm-volumes") with { Name = name }, Run)).Message.ShouldContain("another target name");

    [Theory]
    [InlineData("destroy", "restart", "destroy", "destroy", "restart", "destroy")]
    [InlineData("rename-restart", "soft-reset", "coredump-restart", "restart", "restart", "coredump-restart")]
    [InlineData("restart", "destroy", "preserve", "destroy", "destroy", "preserve")]
    [InlineData("", "nonsense", "rename-restart", "destroy", "restart", "restart")]
    [InlineData("coredump-destroy", "preserve", "coredump-destroy", "destroy", "preserve", "coredump-destroy")]
    public void Lifecycle_words_become_words_that_QEMU_accepts(string poweroff, string reboot, string crash, string p, string r, string c)
    {
        var domain = XElement.Parse(LibvirtXmlBuilder.Build(Guest("kvm-volumes") with { Lifecycle = new(poweroff, reboot, crash) }, Run));
        ((string?)domain.Element("on_poweroff"), (string?)domain.Element("on_reboot"), (string?)domain.Element("on_crash")).ShouldBe((p, r, c));
    }

    [Fact]
    public void What_is_built_is_read_back_the_same()
    {
        var target = Guest("kvm-volumes");
        var guest = LibvirtDomainReader.Read(
            LibvirtDomainReader.Parse(LibvirtXmlBuilder.Build(target, Run)), PowerState.Off, true,
            new Dictionary<string, long> { ["vda"] = 42 }, new HashSet<string> { "/dev/vg0/files" }, Array.Empty<string>().ToLookup(text => text));
        guest.Name.ShouldBe(target.Name);
        guest.Uuid.ShouldBe(target.Uuid);
        (guest.Vcpus, guest.MaxVcpus, guest.MemoryMiB, guest.MaxMemoryMiB).ShouldBe((2, 4, 512L, 1024L));
        guest.Disks[0].ShouldSatisfyAllConditions(
            disk => disk.Path.ShouldBe("/dev/vg0/files"), disk => disk.Backing.ShouldBe(DiskBacking.LogicalVolume), disk => disk.SizeBytes.ShouldBe(42));
        guest.Nics[0].ShouldSatisfyAllConditions(
            nic => nic.Mac.ShouldBe("00:16:3e:00:00:01"), nic => nic.Bridge.ShouldBe("br0"), nic => nic.Mtu.ShouldBe(9000), nic => nic.RateBytesPerSecond.ShouldBe(1_250_304));
    }

    private static TargetGuest Guest(string name)
    {
        var guest = new TargetGuest
        {
            Name = "files",
            Uuid = Guid.Parse("6a5f3f0e-0000-4000-8000-00000000abcd"),
            Vcpus = 2,
            MaxVcpus = 4,
            MemoryMiB = 512,
            MaxMemoryMiB = 1024,
            Disks = [Disk("vda", "/dev/vg0/files", DiskFormat.Raw)],
            Nics = [new("00:16:3e:00:00:01", "br0", "virtio", 9000, 1_250_000)],
        };
        return name switch
        {
            "emulated-files" => guest with
            {
                UseKvm = false,
                LocalTime = true,
                Vcpus = 1,
                MaxVcpus = 1,
                MaxMemoryMiB = 512,
                Disks = [Disk("vda", "/var/lib/libvirt/images/files.qcow2", DiskFormat.Qcow2), Disk("vdb", "/var/lib/libvirt/images/it's & <more>.raw", DiskFormat.Raw)],
                Nics = [new("00:16:3e:00:00:01", "br0"), new("00:16:3e:00:00:02", "br1", "e1000")],
            },
            "uefi-many-disks" => guest with
            {
                Firmware = "uefi",
                Disks = [.. Enumerable.Range(0, 30).Select(index => Disk(
                    "vd" + (index < 26 ? $"{(char)('a' + index)}" : $"a{(char)('a' + index - 26)}"), $"/dev/vg0/disk{index}", DiskFormat.Raw))],
            },
            "hostile-name" => guest with { Name = "<b>\"it's\" & $(reboot) é😀" },
            "old-ide" => guest with { Machine = "pc", Disks = [Disk("hda", "/dev/vg0/old", DiskFormat.Raw), Disk("sdb", "/dev/vg0/old2", DiskFormat.Raw)] },
            _ => guest,
        };
    }

    private static TargetDisk Disk(string device, string path, DiskFormat format) => new()
    {
        Device = device,
        StorageKind = path.StartsWith("/dev/", StringComparison.Ordinal) ? StorageKind.VolumeGroup : StorageKind.Directory,
        StorageName = "vg0",
        Path = path,
        Format = format,
        SizeBytes = 1 << 30,
        Table = PartitionTableKind.Copied,
        Parts = [],
    };
}
