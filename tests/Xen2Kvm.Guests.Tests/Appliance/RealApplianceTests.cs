using System.Diagnostics;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Tests.Support;

namespace Xen2Kvm.Guests.Tests.Appliance;

/// <summary>A small guest's disk, converted by the real libguestfs twice; what comes out is read with other tools.</summary>
[Trait("Category", "Guestfs")]
public sealed class RealApplianceTests(ITestOutputHelper output)
{
    private static readonly string[] Needed = ["/usr/bin/guestfish", "/usr/lib/grub/i386-pc/boot.img", "/usr/sbin/mke2fs", "/usr/sbin/debugfs", "/usr/sbin/sfdisk"];

    [Fact]
    public async Task A_guest_in_three_partitions_becomes_one_bootable_disk_and_converting_again_changes_nothing()
    {
        if (Array.Find(Needed, file => !File.Exists(file)) is { } missing)
        {
            Assert.Skip($"{missing} is missing: install the packages of deploy/packages.sh test");
        }

        var directory = Directory.CreateTempSubdirectory("x2k-guest");
        try
        {
            var disk = Build(directory.FullName);
            var first = await ConvertAsync(disk, _ => []);
            first.Concerns.ShouldNotContain(concern => concern.Severity == Severity.Blocker);
            first.BootLoader.ShouldContain("sector 0 of vda");
            first.Inspection.Addresses.ShouldBe(["10.77.0.31/24"]);
            first.Inspection.FileSystems.Count.ShouldBe(3);
            first.Changes.Select(change => change.Path).ShouldBe(
            [
                "/etc/fstab", "/etc/inittab", "/etc/systemd/network/10-x2k-eth0.link", "/boot/vmlinuz-9.9-x2k", "/boot/initrd.img-9.9-x2k", "/boot/grub/grub.cfg",
            ]);

            Run("sfdisk", "--verify", disk).ShouldContain("No errors detected");
            var root = disk + "?offset=1048576";
            Run("debugfs", "-R", "cat /etc/fstab", root).ShouldContain($"UUID={Support.Guests.RootUuid} / ext4");
            Run("debugfs", "-R", "cat /boot/grub/grub.cfg", root).ShouldContain("linux /boot/vmlinuz-9.9-x2k root=UUID=");
            var stat = Run("debugfs", "-R", "stat /etc/fstab", root);
            stat.ShouldContain("Mode:  0640", customMessage: "the mode stays");
            if (Environment.UserName == "root")
            {
                stat.ShouldContain("User:    42   Group:    43", customMessage: "the owner stays");
            }

            Run("e2fsck", "-f", "-n", root).ShouldNotContain("UNEXPECTED");
            using (var file = File.OpenRead(disk))
            {
                var sector = new byte[512];
                file.ReadExactly(sector);
                System.Text.Encoding.Latin1.GetString(sector).ShouldContain("GRUB");
                (sector[510], sector[511]).ShouldBe(((byte)0x55, (byte)0xAA));
            }

            var second = await ConvertAsync(disk, _ => []);
            second.Changes.ShouldBeEmpty();
            second.Inspection.Kernels.ShouldNotBeEmpty("the kernel is in the guest now");

            // Nothing is left behind on the host.
            File.Exists(disk + ".work/session.pid").ShouldBeFalse();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_blocker_leaves_the_guests_files_as_they_were()
    {
        if (Array.Find(Needed, file => !File.Exists(file)) is { } missing)
        {
            Assert.Skip($"{missing} is missing: install the packages of deploy/packages.sh test");
        }

        var directory = Directory.CreateTempSubdirectory("x2k-guest");
        try
        {
            var disk = Build(directory.FullName);
            var before = Run("debugfs", "-R", "ls -l /etc", disk + "?offset=1048576") + Run("debugfs", "-R", "cat /etc/fstab", disk + "?offset=1048576");
            var outcome = await ConvertAsync(disk, inspection => [new("X10", Severity.Blocker, "/", $"full: {inspection.FileSystems[0].FreeBytes}", "", "")]);
            outcome.Changes.ShouldBeEmpty();
            outcome.Concerns.Single(concern => concern.Severity == Severity.Blocker).Title.ShouldNotBe("full: ");
            (Run("debugfs", "-R", "ls -l /etc", disk + "?offset=1048576") + Run("debugfs", "-R", "cat /etc/fstab", disk + "?offset=1048576")).ShouldBe(before);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task<ConversionOutcome> ConvertAsync(string disk, Func<GuestInspection, IReadOnlyList<Concern>> assess)
    {
        var (source, target) = Support.Guests.Files(rootMiB: 160, varMiB: 16, swapMiB: 4);
        var clock = Stopwatch.StartNew();
        return await new GuestConverter(new()).ConvertAsync(
            new LocalShell(),
            new()
            {
                RunId = Guid.NewGuid(),
                Source = source,
                Target = target,
                Disks = [new(disk, DiskFormat.Raw, target.Disks[0])],
                Assess = assess,
                WorkDirectory = disk + ".work",
                StagedKernel = disk + ".kernel",
                StagedInitrd = disk + ".initrd",
                KernelFileName = "vmlinuz-9.9-x2k",
                InitrdFileName = "initrd.img-9.9-x2k",
            },
            new Progress(line => output.WriteLine($"{clock.Elapsed.TotalSeconds:0.0} {line}")),
            TestContext.Current.CancellationToken);
    }

    /// <summary>Two file systems in their places on an empty disk: no table, no loader, no kernel, as the copy leaves it.</summary>
    private static string Build(string directory)
    {
        var tree = Path.Combine(directory, "tree");
        Write(tree, "etc/fstab", "proc /proc proc defaults 0 0\n/dev/xvda1 / ext4 noatime 0 1\n/dev/xvda2 /var ext4 defaults 0 2\n/dev/xvda3 none swap sw 0 0\n");
        Write(tree, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
        Write(tree, "etc/network/interfaces", "auto eth0\niface eth0 inet static\n address 10.77.0.31/24\n");
        Write(tree, "etc/network/interfaces.d/a 'b\" $(c)", "# hostile name\n");
        Write(tree, "etc/inittab", "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 hvc0\n");
        Write(tree, "sbin/init", "");
        Write(tree, "lib/udev/rules.d/80-net-setup-link.rules", "");
        Write(tree, "lib/modules/9.9-x2k/modules.builtin", "kernel/drivers/block/virtio_blk.ko\nkernel/drivers/net/virtio_net.ko\n");
        Directory.CreateDirectory(Path.Combine(tree, "var"));
        Run("mkfifo", Path.Combine(tree, "etc/crypttab"));
        Run("chmod", "0640", Path.Combine(tree, "etc/fstab"));
        if (Environment.UserName == "root")
        {
            Run("chown", "42:43", Path.Combine(tree, "etc/fstab"));
        }

        var disk = Path.Combine(directory, "disk.raw");
        using (var file = File.Create(disk))
        {
            file.SetLength(182 * Support.Guests.MiB);
        }

        Run("mke2fs", "-q", "-F", "-t", "ext4", "-U", Support.Guests.RootUuid, "-E", "offset=1048576", "-d", tree, disk, "160M");
        Run("mke2fs", "-q", "-F", "-t", "ext4", "-U", Support.Guests.VarUuid, "-E", $"offset={161 << 20}", disk, "16M");

        // A kernel's header is all that is looked at, and nobody lists this initrd: what is unknown does not block.
        var kernel = new byte[4096];
        "HdrS"u8.CopyTo(kernel.AsSpan(514));
        File.WriteAllBytes(disk + ".kernel", kernel);
        File.WriteAllBytes(disk + ".initrd", [1, 2, 3]);
        return disk;
    }

    private static void Write(string tree, string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(tree, path))!);
        File.WriteAllText(Path.Combine(tree, path), text);
    }

    private static string Run(string program, params string[] arguments)
    {
        var path = new[] { "/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/" }.Select(directory => directory + program).FirstOrDefault(File.Exists) ?? program;
        using var process = Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {text}");
        return text;
    }
}
