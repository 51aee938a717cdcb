namespace Xen2Kvm.Guests.Edits;

/// <summary>Where guests keep what concerns their boot.</summary>
public static class GuestPaths
{
    /// <summary>Menus of GRUB 2. The first that exists is the one in force.</summary>
    public static readonly IReadOnlyList<string> Grub2Menus = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/efi/EFI/redhat/grub.cfg", "/boot/efi/EFI/centos/grub.cfg"];

    /// <summary>Menus of GRUB 0.97.</summary>
    public static readonly IReadOnlyList<string> LegacyMenus = ["/boot/grub/menu.lst", "/boot/grub/grub.conf"];

    /// <summary>Configurations of extlinux and syslinux.</summary>
    public static readonly IReadOnlyList<string> Extlinux = ["/boot/extlinux.conf", "/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg"];
}
