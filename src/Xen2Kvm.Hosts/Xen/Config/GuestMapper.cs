namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>The part of a definition that is the same for every source: keys of xl.cfg(5), with libxl's and xm's names beside them.</summary>
internal static class GuestMapper
{
    /// <summary>Settings without a counterpart on KVM, and why. Only those with a value other than nothing, 0 or an empty list count.</summary>
    private static readonly (string Key, string Reason)[] NotOnKvm =
    [
        ("pci", "A PCI device of the host is passed through; the target host needs one like it, or the guest must do without."),
        ("pcidevs", "A PCI device of the host is passed through; the target host needs one like it, or the guest must do without."),
        ("gfx_passthru", "The host's graphics card is passed through."),
        ("dtdev", "A device-tree device of the host is passed through."),
        ("dtdevs", "A device-tree device of the host is passed through."),
        ("ioports", "I/O ports of the host are passed through."),
        ("irqs", "Interrupts of the host are passed through."),
        ("irq", "Interrupts of the host are passed through."),
        ("iomem", "Memory of the host's devices is passed through."),
        ("rdm", "Reserved device memory belongs to PCI passthrough."),
        ("rdms", "Reserved device memory belongs to PCI passthrough."),
        ("usbctrl", "Xen's paravirtual USB has no counterpart."),
        ("usbctrls", "Xen's paravirtual USB has no counterpart."),
        ("usbdev", "A USB device of the host is passed through."),
        ("usbdevs", "A USB device of the host is passed through."),
        ("vusb", "Xen's paravirtual USB has no counterpart."),
        ("vscsi", "A SCSI device of the host is passed through."),
        ("vtpm", "A virtual TPM's state cannot be moved."),
        ("vtpms", "A virtual TPM's state cannot be moved."),
        ("p9", "A directory of dom0 is shared by 9pfs; virtio-9p or virtiofs would replace it."),
        ("p9s", "A directory of dom0 is shared by 9pfs; virtio-9p or virtiofs would replace it."),
        ("pvcalls", "Network calls are forwarded to dom0; KVM knows no such thing."),
        ("pvcallsifs", "Network calls are forwarded to dom0; KVM knows no such thing."),
        ("vif2", "Netchannel2 devices work on no current Xen; say which network the guest needs."),
        ("vdispl", "Xen's paravirtual display has no counterpart."),
        ("vdispls", "Xen's paravirtual display has no counterpart."),
        ("vsnd", "Xen's paravirtual sound has no counterpart."),
        ("vsnds", "Xen's paravirtual sound has no counterpart."),
        ("virtio", "A virtio device with a backend in another domain must be planned by hand."),
        ("virtios", "A virtio device with a backend in another domain must be planned by hand."),
        ("channel", "A channel between guest and dom0 needs a virtio-serial port and a program on the new host."),
        ("channels", "A channel between guest and dom0 needs a virtio-serial port and a program on the new host."),
        ("vnuma", "The guest's NUMA layout must be planned by hand."),
        ("vnuma_nodes", "The guest's NUMA layout must be planned by hand."),
        ("driver_domain", "The guest provides devices to other domains."),
        ("device_model_stubdomain_override", "The device model runs in a domain of its own; on KVM it is a process."),
        ("device_model_stubdomain", "The device model runs in a domain of its own; on KVM it is a process."),
        ("device_model_args", "Arguments for Xen's QEMU must be checked by hand."),
        ("device_model_args_pv", "Arguments for Xen's QEMU must be checked by hand."),
        ("device_model_args_hvm", "Arguments for Xen's QEMU must be checked by hand."),
        ("device_tree", "A device tree of its own is for ARM guests."),
        ("nfs_root", "The root file system is on NFS; there is no disk to move."),
    ];

    /// <summary>Fills in everything but name, type, memory, disks, network and screens, and closes the lists.</summary>
    public static GuestDefinition Complete(GuestDefinition guest, SettingBag bag)
    {
        var cpus = Pinning(bag);
        guest = guest with
        {
            Cpus = cpus.All,
            CpusPerVcpu = cpus.Each,
            CpuWeight = bag.Number("cpu_weight", "weight"),
            CpuCap = bag.Number("cap", "cpu_cap"),
            Pool = bag.Text("pool", "pool_name", "cpupool"),
            Boot = Boot(guest.Type, bag),
            Features = Features(bag),
            Clock = new GuestClock
            {
                LocalTime = bag.Flag("localtime"),
                RtcOffsetSeconds = bag.Number("rtc_timeoffset"),
                TscMode = bag.Text("tsc_mode"),
                TimerMode = bag.Text("timer_mode"),
                Hpet = bag.Flag("hpet"),
            },
            Vga = Vga(bag),
            VideoRamMiB = bag.Number("videoram") ?? (bag.Number("video_memkb") is > 0 and var kib ? (kib + 1023) / 1024 : null),
            Serial = [.. bag.Items("serial", "serial_list").Where(port => port != "none")],
            OnPoweroff = Action(bag, "on_poweroff", "destroy"),
            OnReboot = Action(bag, "on_reboot", "restart"),
            OnCrash = Action(bag, "on_crash", "destroy"),
            Usb = bag.Flag("usb"),
            UsbDevices = bag.Items("usbdevice", "usbdevice_list"),
            SoundHardware = bag.Text("soundhw"),
        };

        var unsupported = Unsupported(bag).Concat(guest.UsbDevices.Where(device => device.StartsWith("host:", StringComparison.Ordinal))
            .Select(device => new UnsupportedSetting("usbdevice", device, "A USB device of the host is passed through.", 0))).ToList();
        return guest with
        {
            Unsupported = unsupported,
            Other = bag.Rest(),
            Defaults = [.. bag.Defaults.Except(Unknown(bag))],
            Problems = bag.Problems,
        };
    }

    /// <summary>A UUID as Xen reads it: with or without hyphens, any case.</summary>
    public static string? Uuid(SettingBag bag)
    {
        var value = bag.Take("uuid");
        if (string.IsNullOrWhiteSpace(value?.Text))
        {
            return null;
        }

        if (Guid.TryParse(value.Text.Trim(), out var uuid))
        {
            return uuid.ToString("D");
        }

        bag.Wrong("uuid", value, "This is no UUID");
        return null;
    }

    /// <summary>Properties whose setting is there but could not be read: they hold no default, their value is unknown.</summary>
    private static IEnumerable<string> Unknown(SettingBag bag) => bag.Problems.Where(problem => problem.HidesValue).SelectMany(problem => problem.Key switch
    {
        "memory" => ["memoryMiB", "maxMemoryMiB"],
        "maxmem" => ["maxMemoryMiB"],
        "vcpus" => ["vcpus", "maxVcpus"],
        "maxvcpus" => ["maxVcpus"],
        "on_poweroff" => ["onPoweroff"],
        "on_reboot" => ["onReboot"],
        "on_crash" => ["onCrash"],
        _ => Array.Empty<string>(),
    });

    private static GuestBoot Boot(GuestType type, SettingBag bag)
    {
        var root = bag.Text("root");
        if (root?.StartsWith("root=", StringComparison.Ordinal) == true)
        {
            root = root["root=".Length..];
        }

        var extra = bag.Text("extra", "args");
        var cmdline = bag.Text("cmdline");
        if (cmdline is not null && (root is not null || extra is not null))
        {
            bag.Note("cmdline", "cmdline= makes xl ignore root= and extra=");
        }

        var kernel = bag.Text("kernel");
        if (type == GuestType.Hvm && kernel is not null && (kernel == "hvmloader" || kernel.EndsWith("/hvmloader", StringComparison.Ordinal)))
        {
            // Old HVM configs name Xen's own loader here; it is no kernel of the guest (xl_parse.c).
            kernel = null;
        }

        var bootloader = bag.Text("bootloader");
        var ramdisk = bag.Text("ramdisk");
        if (bootloader is not null && kernel?.StartsWith("/var/run/", StringComparison.Ordinal) == true)
        {
            // What the boot loader took out of the guest for this one start; xend shows the temporary files.
            (kernel, ramdisk) = (null, null);
        }

        var joined = string.Join(' ', new[] { root is null ? null : "root=" + root, extra }.Where(part => part is not null));
        return new GuestBoot
        {
            Kernel = kernel,
            Ramdisk = ramdisk,
            Root = root,
            Extra = extra,
            CommandLine = cmdline ?? (joined.Length > 0 ? joined : null),
            Bootloader = bootloader,
            BootloaderArgs = BootloaderArgs(bag.Take("bootloader_args", "bootargs")),
            Firmware = bag.Text("firmware", "firmware_override"),
            Bios = bag.Text("bios"),
            Order = bag.Text("boot"),
            PvShim = bag.Flag("pvshim") ?? false,
        };
    }

    private static IReadOnlyList<string> BootloaderArgs(BagValue? value) => value switch
    {
        null => [],
        { Text: { } text } => text.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries),
        _ => value.Items,
    };

    private static GuestFeatures Features(SettingBag bag) => new()
    {
        Pae = bag.Flag("pae"),
        Acpi = bag.Flag("acpi"),
        Apic = bag.Flag("apic"),
        Nx = bag.Flag("nx"),
        Hap = bag.Flag("hap"),
        NestedHvm = bag.Flag("nestedhvm", "nested_hvm"),
        Viridian = Viridian(bag),
        HdType = bag.Text("hdtype"),
        GenerationId = bag.Text("ms_vm_genid"),
    };

    private static IReadOnlyList<string>? Viridian(SettingBag bag)
    {
        var on = bag.Items("viridian_enable");
        var off = bag.Items("viridian_disable").Select(group => "!" + group);
        var value = bag.Take("viridian");
        IReadOnlyList<string>? plain = value switch
        {
            null => null,
            { Text: null } => value.Items,
            _ => bag.Flag("viridian") == true ? ["defaults"] : [],
        };
        IReadOnlyList<string> all = [.. plain ?? [], .. on, .. off];
        return plain is null && all.Count == 0 ? null : all;
    }

    private static string? Vga(SettingBag bag)
    {
        var standard = bag.Flag("stdvga");
        return bag.Text("vga") switch
        {
            "std" => "stdvga",
            null => standard switch { true => "stdvga", false => "cirrus", null => null },
            var word => word,
        };
    }

    private static string Action(SettingBag bag, string key, string standard)
    {
        if (bag.Text(key) is not { } action)
        {
            bag.Defaults.Add(key switch { "on_poweroff" => "onPoweroff", "on_reboot" => "onReboot", _ => "onCrash" });
            return standard;
        }

        // libxl and xl write the same actions with an underscore and with a hyphen, xend's rename-restart is libxl's restart_rename.
        action = action.Replace('_', '-');
        return action == "restart-rename" ? "rename-restart" : action;
    }

    private static (string? All, IReadOnlyList<string> Each) Pinning(SettingBag bag)
    {
        var value = bag.Take("cpus", "cpu");
        return value switch
        {
            null or { IsEmpty: true } => (null, []),
            { Text: { } text } => (text, []),
            { Items.Count: 1 } => (value.Items[0], []),
            _ when value.Items.Distinct(StringComparer.Ordinal).Count() == 1 => (value.Items[0], []),
            _ => (null, value.Items),
        };
    }

    private static IEnumerable<UnsupportedSetting> Unsupported(SettingBag bag)
    {
        foreach (var (key, reason) in NotOnKvm)
        {
            if (bag.Take(key) is { IsEmpty: false } value && value.Text is not ("0" or "False"))
            {
                yield return new UnsupportedSetting(key, Secrets.Show(key, value.Shown), reason, value.Line);
            }
        }
    }
}
