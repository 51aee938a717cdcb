using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>The nominal kind of a virtual disk (xen-vbd-interface(7)).</summary>
public enum VdevBus
{
    /// <summary>Paravirtual only: xvd*, d*p*.</summary>
    Xvd,

    /// <summary>SCSI: sd*. An HVM guest also sees an emulated SCSI disk.</summary>
    Sd,

    /// <summary>IDE or AHCI: hd*. An HVM guest also sees an emulated IDE or AHCI disk.</summary>
    Hd,

    /// <summary>A number that xen-vbd-interface(7) reserves; disk and partition are not known.</summary>
    Other,
}

/// <summary>
/// A guest's virtual device: what <c>vdev=</c> names and what xenstore holds as a number.
/// Encodings as in xen-vbd-interface(7); sd and hd beyond the documented disks as xend wrote them (Linux majors).
/// </summary>
/// <param name="Bus">The kind of disk.</param>
/// <param name="Disk">Index of the disk on its bus, from 0.</param>
/// <param name="Partition">0 for a whole disk; otherwise the guest sees this device as a partition and no partition table is inside.</param>
/// <param name="Number">The number in xenstore.</param>
public sealed record Vdev(VdevBus Bus, int Disk, int Partition, long Number)
{
    private const int Extended = 1 << 28;
    private const int MaxDisk = (1 << 20) - 1;

    /// <summary>How far Linux moves sd* so that it does not hide hd*: sda is shown as xvde (xen-blkfront.c, EMULATED_SD_DISK_NAME_OFFSET).</summary>
    private const int SdShift = 4;

    private static readonly int[] ScsiMajors = [8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135];
    private static readonly int[] IdeMajors = [3, 22, 33, 34, 56, 57, 88, 89, 90, 91];

    /// <summary>True when the guest gets a partition without the disk around it (preflight X07).</summary>
    public bool IsPartition => Partition != 0;

    /// <summary>True for the long number form that very old guests do not know.</summary>
    public bool IsExtended => Number >= Extended;

    /// <summary>The usual name: xvda, sdb1, hdc; the plain number for <see cref="VdevBus.Other"/>.</summary>
    public string Name => Bus switch
    {
        VdevBus.Xvd => Named("xvd", Disk),
        VdevBus.Sd => Named("sd", Disk),
        VdevBus.Hd => Named("hd", Disk),
        _ => Number.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>
    /// What a Linux guest with xen-blkfront (kernel.org kernels, RHEL 6 and later) names it: hda is xvda, sda is xvde.
    /// See <see cref="LinuxName"/> for kernels that differ. Null when Linux would ignore the number.
    /// </summary>
    public string? GuestName => LinuxName(sdaIsXvda: false);

    /// <summary>
    /// What a classic Xen kernel (2.6.18 and the forward ports of Debian 5, SLES 10 and 11) names it: it takes over the IDE and SCSI names,
    /// so sda1 is sda1.
    /// </summary>
    public string? ClassicGuestName => Bus == VdevBus.Other ? null : Name;

    /// <summary>The name Linux's xen-blkfront gives.</summary>
    /// <param name="sdaIsXvda">True for kernels started with <c>xen_blkfront.sda_is_xvda=1</c> (RHEL 6).</param>
    /// <returns>For example xvde1; null when Linux would ignore the number.</returns>
    public string? LinuxName(bool sdaIsXvda) => Bus switch
    {
        VdevBus.Xvd => Named("xvd", Disk),
        VdevBus.Hd when Disk < 4 => Named("xvd", Disk),
        VdevBus.Sd when Disk < 256 => Named("xvd", sdaIsXvda ? Disk : Disk + SdShift),
        _ => null,
    };

    /// <summary>Reads a vdev: xvda, xvda1, sda1, hdc, d0, d0p1, or a number (decimal, 0x hex, 0 octal); xm's /dev/ in front is dropped.</summary>
    /// <param name="text">The text of the config.</param>
    /// <returns>The device, or null when the text is none.</returns>
    public static Vdev? Parse(string? text)
    {
        var name = text?.Trim() ?? "";
        if (name.StartsWith("/dev/", StringComparison.Ordinal))
        {
            name = name["/dev/".Length..];
        }

        if (ReadLetters(name, "xvd", MaxDisk, 255) is var (xvd, xvdPart))
        {
            return Xvd(xvd, xvdPart);
        }

        if (ReadNumbered(name) is var (disk, part))
        {
            return Xvd(disk, part);
        }

        if (name.Length > 0 && char.IsAsciiDigit(name[0]) && XlNumber.Read(name) is { } number)
        {
            return FromNumber(number);
        }

        if (ReadLetters(name, "hd", (IdeMajors.Length * 2) - 1, 63) is var (hd, hdPart))
        {
            return new Vdev(VdevBus.Hd, hd, hdPart, (IdeMajors[hd / 2] << 8) | ((hd & 1) << 6) | hdPart);
        }

        return ReadLetters(name, "sd", (ScsiMajors.Length * 16) - 1, 15) is var (sd, sdPart)
            ? new Vdev(VdevBus.Sd, sd, sdPart, (ScsiMajors[sd / 16] << 8) | ((sd & 15) << 4) | sdPart)
            : null;
    }

    /// <summary>Reads the number that xenstore and <c>xl block-list</c> show.</summary>
    /// <param name="number">For example 51712 for xvda.</param>
    /// <returns>The device, or null when no vbd can have the number (negative, or past 2^28 + 2^28).</returns>
    public static Vdev? FromNumber(long number)
    {
        if (number is < 0 or > int.MaxValue)
        {
            return null;
        }

        if (number >= Extended)
        {
            return number < 2L * Extended
                ? new Vdev(VdevBus.Xvd, (int)((number - Extended) >> 8), (int)(number & 0xff), number)
                : new Vdev(VdevBus.Other, 0, 0, number);
        }

        var (major, minor) = ((int)(number >> 8), (int)(number & 0xff));
        if (major == 202)
        {
            return new Vdev(VdevBus.Xvd, minor >> 4, minor & 15, number);
        }

        if (Array.IndexOf(ScsiMajors, major) is >= 0 and var scsi)
        {
            return new Vdev(VdevBus.Sd, (scsi * 16) + (minor >> 4), minor & 15, number);
        }

        return Array.IndexOf(IdeMajors, major) is >= 0 and var ide && minor < 128
            ? new Vdev(VdevBus.Hd, (ide * 2) + (minor >> 6), minor & 63, number)
            : new Vdev(VdevBus.Other, 0, 0, number);
    }

    private static Vdev Xvd(int disk, int partition) => new(
        VdevBus.Xvd,
        disk,
        partition,
        disk <= 15 && partition <= 15 ? (202 << 8) | (disk << 4) | partition : Extended | (disk << 8) | partition);

    private string Named(string prefix, int disk)
    {
        var letters = "";
        for (var n = disk; n >= 0; n = (n / 26) - 1)
        {
            letters = (char)('a' + (n % 26)) + letters;
        }

        return Partition == 0 ? prefix + letters : string.Create(CultureInfo.InvariantCulture, $"{prefix}{letters}{Partition}");
    }

    private static (int Disk, int Partition)? ReadLetters(string name, string prefix, int maxDisk, int maxPartition)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var at = prefix.Length;
        var disk = -1;
        for (; at < name.Length && char.IsAsciiLetterLower(name[at]); at++)
        {
            disk = ((disk + 1) * 26) + (name[at] - 'a');
            if (disk > maxDisk)
            {
                return null;
            }
        }

        return disk >= 0 && ReadPartition(name[at..], maxPartition) is { } partition ? (disk, partition) : null;
    }

    /// <summary>d0, d0p0, d536p37; leading zeros would be octal for libxl, so none are taken.</summary>
    private static (int Disk, int Partition)? ReadNumbered(string name)
    {
        if (name.Length < 2 || name[0] != 'd')
        {
            return null;
        }

        var p = name.IndexOf('p', StringComparison.Ordinal);
        var disk = ReadDecimal(p < 0 ? name[1..] : name[1..p], MaxDisk);
        var partition = p < 0 ? 0 : ReadDecimal(name[(p + 1)..], 255);
        return disk is { } d && partition is { } q ? (d, q) : null;
    }

    private static int? ReadPartition(string text, int max) =>
        text.Length == 0 ? 0 : text[0] == '0' ? null : ReadDecimal(text, max);

    private static int? ReadDecimal(string text, int max) =>
        text.Length is > 0 and < 9 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0')
        && int.Parse(text, CultureInfo.InvariantCulture) is var value && value <= max
            ? value
            : null;
}
