using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class GuestDefinitionDiffTests
{
    private const string Running =
        """
        {"domid":3,"config":{"c_info":{"type":"pv","name":"a","uuid":"b3ea1b4c-5a0a-4b1f-8d0e-7f6b6a1c2d3e"},
        "b_info":{"max_vcpus":2,"avail_vcpus":[0,1],"max_memkb":524288,"target_memkb":524288},
        "disks":[{"pdev_path":"/dev/vg/a","vdev":"xvda","format":"raw","readwrite":1},
                 {"pdev_path":"a","vdev":"xvdb","format":"raw","script":"/etc/xen/scripts/block-drbd","readwrite":1}],
        "nics":[{"devid":0,"mac":"00:16:3e:00:00:01","bridge":"br0","model":"rtl8139","mtu":1500},{"devid":1,"mac":"00:16:3e:00:00:02","bridge":"br1"}]}}
        """;

    private const string Same =
        "name='a'\nmemory=512\nvcpus=2\ndisk=['phy:vg/a,xvda,w','drbd:a,xvdb,w']\nvif=['mac=00:16:3E:00:00:01,bridge=br0','bridge=br1']\n";

    private static string[] Compare(string config) =>
    [
        .. GuestDefinitionDiff.Compare(
                ConfigReader.Read(config, "a.cfg").Guests.ShouldHaveSingleItem(),
                ConfigReader.Read(Running, "xl list -l").Guests.ShouldHaveSingleItem())
            .Select(difference => difference.ToString()),
    ];

    [Fact]
    public void What_the_config_leaves_to_xen_is_no_difference() => Compare(Same).ShouldBeEmpty();

    [Fact]
    public void Attached_and_detached_devices_are_named() =>
        Compare("name='a'\nmemory=512\nvcpus=2\ndisk=['/dev/vg/a,,xvda','/dev/vg/c,,xvdc,ro']\nvif=['mac=00:16:3e:00:00:01']\n").ShouldBe(
        [
            "disk xvdc: in the config as /dev/vg/c, read-only, not in the running guest",
            "disk xvdb: not in the config, running with drbd:a",
            "network device 00:16:3e:00:00:02: not in the config, running with bridge br1",
        ]);

    [Fact]
    public void Changed_values_are_named() =>
        Compare("name='a'\ntype='pvh'\nuuid='00000000-0000-0000-0000-000000000001'\nmemory=1024\nvcpus=4\ndisk=['qcow2:/srv/a,xvda,r','drbd:a,xvdb,w']\n"
            + "vif=['mac=00:16:3e:00:00:02,bridge=br9,rate=1MB/s','mac=00:16:3e:00:00:07']\n").ShouldBe(
        [
            "disk xvda: /srv/a, qcow2, read-only in the config, /dev/vg/a running",
            "network device 0, bridge: br9 in the config, br1 running",
            "network device 0, rate in bytes a second: 1000000 in the config, none running",
            "network device 1: in the config as bridge xenbr0, MAC 00:16:3e:00:00:07, not in the running guest",
            "network device 00:16:3e:00:00:01: not in the config, running with bridge br0",
            "type: Pvh in the config, Pv running",
            "memory: 1024 MiB in the config, 512 MiB running",
            "maximum memory: 1024 MiB in the config, 512 MiB running",
            "virtual CPUs: 4 in the config, 2 running",
            "maximum virtual CPUs: 4 in the config, 2 running",
            "UUID: 00000000-0000-0000-0000-000000000001 in the config, b3ea1b4c-5a0a-4b1f-8d0e-7f6b6a1c2d3e running",
        ]);

    [Fact]
    public void A_guest_is_the_same_as_itself()
    {
        var guest = ConfigReader.Read(Same, "a.cfg").Guests[0];

        GuestDefinitionDiff.Compare(guest, guest).ShouldBeEmpty();
    }
}
