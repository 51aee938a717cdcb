using System.Text;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Boot;

/// <summary>Writes a GRUB 2 menu for a guest that has none.</summary>
internal static partial class GrubMenuWriter
{
    /// <summary>First line of every menu written here; tells a menu of our own from the guest's.</summary>
    public const string Marker = "# Written by Xen2Kvm";

    private const string Terminals = """
        if serial --unit=0 --speed=115200; then
          terminal_input console serial
          terminal_output console serial
        fi

        """;

    /// <summary>A menu of kernels, the first one the default.</summary>
    /// <param name="title">The guest's operating system.</param>
    /// <param name="bootUuid">File system of the kernels.</param>
    /// <param name="kernels">Release, and paths on that file system.</param>
    /// <param name="commandLine">Kernel command line.</param>
    public static string Menu(string title, string bootUuid, IReadOnlyList<(string Release, string Kernel, string? Initrd)> kernels, string commandLine)
    {
        var text = new StringBuilder();
        text.Append(Marker).Append(" when this guest was moved from Xen to KVM: it had no boot menu of its own.\n");
        text.Append("# The boot loader in front of it was made on the KVM host. To let the guest take over, install its\n");
        text.Append("# GRUB package (grub-pc, grub2-pc) in the guest, install it on the first disk and run its menu tool.\n");
        text.Append(Terminals).Append("set default=0\nset timeout=3\n");
        foreach (var (release, kernel, initrd) in kernels)
        {
            text.Append($$"""

                menuentry '{{Safe(title)}} ({{Safe(release)}})' {
                  search --no-floppy --fs-uuid --set=root {{bootUuid}}
                  linux {{kernel}} {{commandLine}}

                """);
            if (initrd is not null)
            {
                text.Append("  initrd ").Append(initrd).Append('\n');
            }

            text.Append("}\n");
        }

        return text.ToString();
    }

    /// <summary>A menu that reads the guest's own menu of GRUB 0.97.</summary>
    /// <param name="legacyMenu">Path of menu.lst on the boot file system.</param>
    public static string LegacyChain(string legacyMenu) =>
        $"{Marker}: the guest's menu is GRUB 0.97's, and GRUB 2 in front of it reads it.\n{Terminals}legacy_configfile ($root){legacyMenu}\n";

    private static string Safe(string text) => Unsafe().Replace(text, "");

    [GeneratedRegex("[^A-Za-z0-9 ._()/:+-]", RegexOptions.CultureInvariant)]
    private static partial Regex Unsafe();
}
