using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Xen2Kvm.Bench;

/// <summary>
/// What the scripted hosts say: the output of the inventory's scripts on a dom0 with many guests, as real hosts print it, in one directory for
/// each host. Deterministic: the same numbers give the same files.
/// </summary>
internal static class ScriptedHosts
{
    private const long GiB = 1L << 30;
    private static readonly string[] Roles = ["web", "db", "mail", "files", "ldap", "proxy", "build", "shop", "wiki", "crm"];

    /// <summary>Address of a host by its number.</summary>
    public static string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"10.{100 + (host / 250)}.{host % 250}.1");

    /// <summary>Name of a guest, unique in all.</summary>
    public static string Guest(int host, int guest) => $"{Roles[guest % Roles.Length]}-{host:000}-{guest:00}";

    /// <summary>Writes what a Xen host with so many guests says.</summary>
    public static void WriteXen(string directory, int host, int guests)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, Address(host))).FullName;
        File.WriteAllText(Path.Combine(place, "facts"), Facts(host, guests, "xl 4.17.5", "xenbr0 1500\nxenbr1 9000"));
        File.WriteAllText(Path.Combine(place, "guests"), Guests(host, guests));
        File.WriteAllText(Path.Combine(place, "disks"), Disks(host, guests));
    }

    /// <summary>Writes what a KVM host without guests says.</summary>
    public static void WriteKvm(string directory, int host)
    {
        var place = Directory.CreateDirectory(Path.Combine(directory, Address(host))).FullName;
        File.WriteAllText(Path.Combine(place, "facts"), Facts(host, 0, "virsh 9.0.0\nqemu-img 7.2.19\nguestfish 1.48.6", "br0 1500\nbr1 9000"));
        File.WriteAllText(Path.Combine(place, "guests"), Section("version") + "Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.19\n" + Section("pools") + Section("guests"));
        File.WriteAllText(Path.Combine(place, "kvm"), "yes a kernel booted under KVM\n");
    }

    private static string Section(string name) => $"\u001e@NONCE@ {name}\n";

    private static string Facts(int host, int guests, string tools, string bridges)
    {
        var text = new StringBuilder(Section("hostname")).Append(CultureInfo.InvariantCulture, $"host{host:000}.example.org\n");
        text.Append(Section("os")).Append("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n").Append(Section("kernel")).Append("6.1.0-40-amd64\n")
            .Append(Section("cpus")).Append("32\n").Append(Section("cpuinfo")).Append("model name\t: Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz\nflags\t\t: ")
            .AppendJoin(' ', Enumerable.Range(0, 120).Select(flag => $"flag{flag}")).Append('\n')
            .Append(Section("meminfo")).Append("MemTotal:       263921408 kB\nMemFree:        91921408 kB\nMemAvailable:   101921408 kB\n")
            .Append(Section("bridges")).Append(bridges).Append('\n').Append(Section("addresses"))
            .Append(CultureInfo.InvariantCulture, $"3: xenbr0    inet {Address(host)}/16 brd 10.255.255.255 scope global xenbr0\n").Append(Section("neighbours"));
        for (var guest = 0; guest < guests; guest++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Ip(host, guest)} dev xenbr0 lladdr {Mac(host, guest)} REACHABLE\n");
        }

        text.Append(Section("vgs")).Append(CultureInfo.InvariantCulture, $"  vg0|{8000 * GiB}|{3000 * GiB}\n").Append(Section("lvs"));
        for (var guest = 0; guest < guests; guest++)
        {
            foreach (var (volume, size) in Volumes(host, guest))
            {
                text.Append(CultureInfo.InvariantCulture, $"  vg0|{volume}|{size}|-wi-ao----||\n");
            }
        }

        return text.Append(Section("tools")).Append(tools).Append("\nlvm 2.03.16\nssh 9.2p1\nblkid 2.38.1\n").ToString();
    }

    private static string Guests(int host, int guests)
    {
        var text = new StringBuilder(Section("toolstack")).Append("xl\n").Append(Section("info"))
            .Append(CultureInfo.InvariantCulture, $"host                   : host{host:000}\nxen_version            : 4.17.5\nnr_cpus                : 32\ntotal_memory           : 257735\nfree_memory            : 89735\n")
            .Append(Section("list")).Append("Name                                        ID   Mem VCPUs\tState\tTime(s)\nDomain-0                                     0  4096     4     r-----   81234.5\n");
        var domains = new List<object>();
        for (var guest = 0; guest < guests; guest++)
        {
            if (IsRunning(guest))
            {
                text.Append(CultureInfo.InvariantCulture, $"{Guest(host, guest),-40}  {guest + 1,3}  {Memory(guest),5}     {1 + (guest % 4)}     -b----   {1000 + guest}.5\n");
                domains.Add(Domain(host, guest));
            }
        }

        text.Append(Section("long")).Append(JsonSerializer.Serialize(domains, Indented)).Append('\n');
        for (var guest = 0; guest < guests; guest++)
        {
            var name = Guest(host, guest);
            text.Append(Section($"config /etc/xen/{name}.cfg")).Append(CultureInfo.InvariantCulture, $"# {name}, made by xen-create-image\nname = '{name}'\nuuid = '{Uuid(host, guest)}'\nvcpus = {1 + (guest % 4)}\nmemory = {Memory(guest)}\n")
                .Append(guest % 7 == 6 ? "type = 'hvm'\nboot = 'c'\nvnc = 1\n" : "bootloader = 'pygrub'\nextra = 'elevator=noop'\n").Append("disk = [\n");
            foreach (var (volume, index) in Volumes(host, guest).Select((volume, index) => (volume.Volume, index)))
            {
                text.Append(CultureInfo.InvariantCulture, $"  'phy:/dev/vg0/{volume},xvd{(char)('a' + index)},w',\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"]\nvif = ['mac={Mac(host, guest)},bridge=xenbr0,ip={Ip(host, guest)}']\non_poweroff = 'destroy'\non_reboot = 'restart'\non_crash = 'restart'\n");
            if (guest % 2 == 0)
            {
                text.Append(Section($"link /etc/xen/auto/{name}.cfg")).Append(CultureInfo.InvariantCulture, $"/etc/xen/{name}.cfg\n");
            }
        }

        return text.Append(Section("drbd")).Append(Section("drbd-resources")).ToString();
    }

    private static string Disks(int host, int guests)
    {
        var text = new StringBuilder();
        var number = 0;
        for (var guest = 0; guest < guests; guest++)
        {
            foreach (var (volume, size) in Volumes(host, guest))
            {
                text.Append(Section($"disk {number++}")).Append(CultureInfo.InvariantCulture, $"path=/dev/vg0/{volume}\nkind=lv\nsize={size}\nPTTYPE=dos\nPTUUID=4f1c{host:x4}\n");
            }
        }

        return text.ToString();
    }

    private static object Domain(int host, int guest) => new
    {
        domid = guest + 1,
        config = new
        {
            c_info = new { type = guest % 7 == 6 ? "hvm" : "pv", name = Guest(host, guest), uuid = Uuid(host, guest).ToString() },
            b_info = new
            {
                max_vcpus = 1 + (guest % 4), avail_vcpus = Enumerable.Range(0, 1 + (guest % 4)), max_memkb = Memory(guest) * 1024, target_memkb = Memory(guest) * 1024,
                shadow_memkb = 9216, sched_params = new { weight = 256, cap = 0 }, bootloader = guest % 7 == 6 ? null : "pygrub",
            },
            disks = Volumes(host, guest).Select((volume, index) => new { pdev_path = $"/dev/vg0/{volume.Volume}", vdev = $"xvd{(char)('a' + index)}", format = "raw", readwrite = 1 }),
            nics = new[] { new { devid = 0, mac = Mac(host, guest), ip = Ip(host, guest), bridge = "xenbr0", nictype = "vif" } },
            on_reboot = "restart", on_crash = "restart",
        },
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private static bool IsRunning(int guest) => guest % 11 != 10;

    private static int Memory(int guest) => 512 << (guest % 5);

    private static Guid Uuid(int host, int guest) => new(host, (short)guest, 0x4000, 0x80, 1, 2, 3, 4, 5, 6, 7);

    private static string Mac(int host, int guest) => $"00:16:3e:{host >> 8:x2}:{host & 255:x2}:{guest:x2}";

    private static string Ip(int host, int guest) => string.Create(CultureInfo.InvariantCulture, $"10.{100 + (host / 250)}.{host % 250}.{10 + guest}");

    private static IEnumerable<(string Volume, long Size)> Volumes(int host, int guest)
    {
        var name = Guest(host, guest);
        yield return ($"{name}-disk", (10 + (guest % 40)) * GiB);
        if (guest % 3 == 0)
        {
            yield return ($"{name}-data", (50 + guest) * GiB);
        }
    }
}
