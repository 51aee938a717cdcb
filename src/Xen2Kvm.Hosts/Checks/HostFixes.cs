using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Checks;

/// <summary>Titles of checks and what to do when one fails. Pure.</summary>
internal static class HostFixes
{
    private static readonly Dictionary<string, (string Title, string Debian, string RedHat, string Suse)> Tools = new(StringComparer.Ordinal)
    {
        ["blkid"] = ("blkid (what is on a disk)", "util-linux", "util-linux", "util-linux"),
        ["ssh"] = ("SSH client (sends data to the target host)", "openssh-client", "openssh-clients", "openssh-clients"),
        ["qemu-img"] = ("qemu-img (makes disks)", "qemu-utils", "qemu-img", "qemu-img"),
        ["qemu"] = ("QEMU", "qemu-system-x86", "qemu-kvm", "qemu-x86"),
        ["guestfish"] = ("libguestfs (converts guests)", "libguestfs-tools guestfs-tools linux-image-amd64", "libguestfs-tools-c", "guestfs-tools"),
        ["grub-mkimage"] = ("grub-mkimage (boot loader)", "grub-common", "grub2-tools", "grub2"),
        ["grub-i386-pc"] = ("GRUB for BIOS guests", "grub-pc-bin", "grub2-pc-modules", "grub2-i386-pc"),
        ["zstd"] = ("zstd", "zstd", "zstd", "zstd"),
        ["ping"] = ("ping (proves the guest)", "iputils-ping", "iputils", "iputils"),
        ["bash"] = ("bash (proves the guest's TCP port)", "bash", "bash", "bash"),
    };

    /// <summary>A check's name for a person.</summary>
    public static string Title(string check, HostKind kind) => check switch
    {
        "toolstack" => kind == HostKind.Xen ? "Xen toolstack" : "libvirt",
        "bridge" => "Network bridge",
        "state" => "Free space for the helper",
        "work" => "Free space for conversion",
        _ => Tools.TryGetValue(check, out var tool) ? tool.Title : check,
    };

    /// <summary>What to do when a check of the host failed.</summary>
    /// <param name="check">Its stable name.</param>
    /// <param name="kind">Kind of host.</param>
    /// <param name="family">ID and ID_LIKE of the host's os-release.</param>
    public static string Install(string check, HostKind kind, string family) => check switch
    {
        "toolstack" when kind == HostKind.Xen =>
            "Boot the host with the Xen hypervisor and see that its toolstack runs (Debian: apt install xen-system-amd64; systemctl status xencommons).",
        "toolstack" => Package(family, "libvirt-daemon-system libvirt-clients", "libvirt", "libvirt-daemon-qemu libvirt-client") + ", and see that libvirtd runs.",
        "bridge" => "Make a bridge on the host (for example br0 with its network card), so that guests reach the network as before.",
        "state" => "Make room in /var/lib.",
        "work" => "Make room in /var/tmp; the conversion keeps its working files there.",
        _ when Tools.TryGetValue(check, out var tool) => Package(family, tool.Debian, tool.RedHat, tool.Suse) + ".",
        _ => "Install it.",
    };

    /// <summary>What to do about a failed connection; the message itself says it for most.</summary>
    public static string? Of(RemoteException error, Host host) => error.Failure switch
    {
        RemoteFailure.Sudo when !host.Ssh.UseSudo => "Connect as root, or switch on sudo for this host.",
        RemoteFailure.Sudo => $"Allow sudo without a password on the host: `{host.Ssh.User} ALL=(root) NOPASSWD: ALL` with visudo.",
        RemoteFailure.HostKeyUnknown => "Compare the fingerprint with the host's own and confirm it.",
        RemoteFailure.HostKeyMismatch => "Check the fingerprint on the host's own console before you confirm the new key.",
        RemoteFailure.Algorithms => "Allow legacy algorithms for this host if it is an old system.",
        RemoteFailure.Authentication => "Put the key into the account's authorized_keys on the host, or enter the right password.",
        RemoteFailure.Unreachable => "Check address, port, firewall and that sshd runs.",
        RemoteFailure.TimedOut or RemoteFailure.ConnectionLost => "Try again; look at the host's load and network.",
        _ => null,
    };

    private static string Package(string family, string debian, string redHat, string suse)
    {
        var ids = family.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return ids.Any(id => id.Contains("suse", StringComparison.Ordinal) || id is "sles") ? $"zypper install {suse}"
            : ids.Any(id => id is "rhel" or "fedora" or "centos") ? $"dnf install {redHat}"
            : $"apt install {debian}";
    }
}
