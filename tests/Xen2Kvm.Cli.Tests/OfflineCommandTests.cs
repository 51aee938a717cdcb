using System.Xml.Linq;
using Xen2Kvm.Cli.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class OfflineCommandTests : IDisposable
{
    private const string Files = """
        name = "files"
        kernel = "/boot/vmlinuz"
        memory = 256
        disk = ['phy:/dev/vg0/root,xvda1,w', 'phy:/dev/vg0/var,xvda2,w', 'phy:/dev/vg0/swap,xvda3,w']
        vif = ['bridge=xenbr0,mac=00:16:3e:00:00:01']
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("x2k-cli-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_config_is_inspected_as_json()
    {
        var printed = (await Shell.RunAsync("inspect", Write(Files))).Ends(0);
        var guest = printed.Json["guests"]![0]!;
        guest["name"]!.GetValue<string>().ShouldBe("files");
        guest["type"]!.GetValue<string>().ShouldBe("pv");
        guest["disks"]!.AsArray().Count.ShouldBe(3);
        guest["vifs"]![0]!["bridge"]!.GetValue<string>().ShouldBe("xenbr0");
    }

    [Fact]
    public async Task Python_in_a_config_is_named_and_never_run()
    {
        var marker = Path.Combine(_directory, "marker");
        var printed = (await Shell.RunAsync("inspect", Write($"import os\nos.system('touch {marker}')\nname = 'a' + str(7)\nmemory = 64\n"))).Ends(1);
        printed.Error.ShouldContain("line 1");
        File.Exists(marker).ShouldBeFalse();
    }

    [Fact]
    public async Task A_definition_wants_the_sizes_it_cannot_know()
    {
        var refused = (await Shell.RunAsync("define", Write(Files))).Ends(2);
        refused.Error.ShouldContain("--size xvda1=BYTES --size xvda2=BYTES --size xvda3=BYTES");
        refused.Out.ShouldBeEmpty();
        (await Shell.RunAsync("define", Write(Files), "--size", "xvdz=1G")).Ends(2).Error.ShouldContain("which is no disk of the guest");
        (await Shell.RunAsync("define", Write(Files), "--size", "xvda1=large")).Ends(2).Error.ShouldContain("is no size");
    }

    [Fact]
    public async Task A_definition_has_one_disk_for_all_partitions_and_the_mapped_bridge()
    {
        var printed = (await Shell.RunAsync([
            "define", Write(Files), "--size", "xvda1=2G", "--size", "xvda2=1073741824", "--size", "xvda3=256M", "--storage-dir", "/srv/kvm",
            "--format", "qcow2", "--bridge", "xenbr0=br0", "--name", "moved", "--uuid", "11111111-2222-3333-4444-555555555555", "--memory", "512",
        ])).Ends(0);
        var domain = XElement.Parse(printed.Out);
        domain.Element("name")!.Value.ShouldBe("moved");
        domain.Element("uuid")!.Value.ShouldBe("11111111-2222-3333-4444-555555555555");
        domain.Element("memory")!.Value.ShouldBe("512");
        domain.Element("metadata").ShouldBeNull("no run stands behind it");
        var disk = domain.Element("devices")!.Elements("disk").Single();
        disk.Element("source")!.Attribute("file")!.Value.ShouldBe("/srv/kvm/moved-vda.qcow2");
        var nic = domain.Element("devices")!.Elements("interface").Single();
        nic.Element("mac")!.Attribute("address")!.Value.ShouldBe("00:16:3e:00:00:01");
        nic.Element("source")!.Attribute("bridge")!.Value.ShouldBe("br0");
    }

    [Fact]
    public async Task The_size_of_a_file_on_this_machine_is_found()
    {
        var image = Path.Combine(_directory, "disk.img");
        await using (var stream = File.Create(image))
        {
            stream.SetLength(64 << 20);
        }

        var printed = (await Shell.RunAsync(
            "define", Write($"name = 'a'\nbootloader = 'pygrub'\nmemory = 64\ndisk = ['file:{image},xvda,w']\n"), "--vg", "vg1", "--tcg", "--json")).Ends(0);
        printed.Json["target"]!["disks"]![0]!["sizeBytes"]!.GetValue<long>().ShouldBe(64 << 20);
        printed.Json["xml"]!.GetValue<string>().ShouldContain("/dev/vg1/a-vda");
        printed.Json["xml"]!.GetValue<string>().ShouldContain("type=\"qemu\"");
    }

    [Fact]
    public async Task A_nic_without_a_mac_gets_the_same_one_each_time_and_says_so()
    {
        var config = Write("name = 'a'\nbootloader = 'pygrub'\nmemory = 64\nvif = ['']\n");
        var first = (await Shell.RunAsync("define", config, "--uuid", "11111111-2222-3333-4444-555555555555")).Ends(0);
        var second = (await Shell.RunAsync("define", config, "--uuid", "11111111-2222-3333-4444-555555555555")).Ends(0);
        second.Out.ShouldBe(first.Out);
        first.Error.ShouldContain("--mac 0=MAC");
        (await Shell.RunAsync("define", config, "--mac", "0=52:54:00:00:00:0A")).Ends(0).Out.ShouldContain("52:54:00:00:00:0a");
    }

    [Fact]
    public async Task A_listing_of_several_guests_wants_a_choice()
    {
        var listing = """[{"domid":1,"config":{"c_info":{"name":"a","type":"pv"},"b_info":{}}},{"domid":2,"config":{"c_info":{"name":"b","type":"pv"},"b_info":{}}}]""";
        (await Shell.RunAsync("define", Write(listing))).Ends(2).Error.ShouldContain("choose one with --guest: a, b");
        (await Shell.RunAsync("define", Write(listing), "--guest", "b")).Ends(0).Out.ShouldContain("<name>b</name>");
        (await Shell.RunAsync("define", Write(listing), "--guest", "c")).Ends(2).Error.ShouldContain("It has: a, b");
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_is_no_config_says_so()
    {
        (await Shell.RunAsync("inspect", Path.Combine(_directory, "none"))).Ends(2).Error.ShouldContain("cannot be read");
        (await Shell.RunAsync("define", Write("\u0000\u0001"))).Ends(1).Error.ShouldContain("No guest was found");
        (await Shell.RunAsync(Files, false, "inspect", "-")).Ends(0);
    }

    private string Write(string text)
    {
        var path = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, text);
        return path;
    }
}
