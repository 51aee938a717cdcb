using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>One difference between a guest's config file and the running guest.</summary>
/// <param name="What">The thing that differs: "disk xvdb", "network device 1", "memory".</param>
/// <param name="Config">What the config says; null when it does not have the thing.</param>
/// <param name="Running">What the running guest has; null when it does not have the thing.</param>
public sealed record GuestDifference(string What, string? Config, string? Running)
{
    /// <summary>The difference as a sentence.</summary>
    /// <returns>For example <c>disk xvdb: not in the config, running with /dev/vg/data</c>.</returns>
    public override string ToString() => (Config, Running) switch
    {
        (null, _) => $"{What}: not in the config, running with {Running}",
        (_, null) => $"{What}: in the config as {Config}, not in the running guest",
        _ => $"{What}: {Config} in the config, {Running} running",
    };
}

/// <summary>
/// Compares a guest's config file with the running guest, for preflight X01: block-attach, network-attach, mem-set and vcpu-set change only
/// the running guest, edits of the file only its next start. What the config leaves to Xen is no difference.
/// </summary>
public static class GuestDefinitionDiff
{
    /// <summary>Lists what differs, disks first.</summary>
    /// <param name="config">The definition from the file.</param>
    /// <param name="running">The definition from <c>xl list -l</c> or <c>xm list -l</c>.</param>
    /// <returns>The differences; none when the two say the same.</returns>
    public static IReadOnlyList<GuestDifference> Compare(GuestDefinition config, GuestDefinition running)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(running);
        var differences = new List<GuestDifference>();
        void Say(string what, string? left, string? right)
        {
            if (left != right)
            {
                differences.Add(new GuestDifference(what, left, right));
            }
        }

        Disks(config, running, Say);
        Vifs(config, running, Say);
        if (config.Type != running.Type)
        {
            Say("type", config.Type.ToString(), running.Type.ToString());
        }

        Amount("memory", "memoryMiB", config.MemoryMiB, running.MemoryMiB, " MiB", tolerance: 1);
        Amount("maximum memory", "maxMemoryMiB", config.MaxMemoryMiB, running.MaxMemoryMiB, " MiB", tolerance: 1);
        Amount("virtual CPUs", "vcpus", config.Vcpus, running.Vcpus, "", tolerance: 0);
        Amount("maximum virtual CPUs", "maxVcpus", config.MaxVcpus, running.MaxVcpus, "", tolerance: 0);
        if (config.Uuid is not null)
        {
            Say("UUID", config.Uuid, running.Uuid);
        }

        return differences;

        void Amount(string what, string property, long left, long right, string unit, int tolerance)
        {
            // Without a word in the config the maximum follows the start value; both defaults are no difference by themselves.
            if (Math.Abs(left - right) > tolerance && !(config.Defaults.Contains(property) && running.Defaults.Contains(property)))
            {
                Say(what, left.ToString(CultureInfo.InvariantCulture) + unit, right.ToString(CultureInfo.InvariantCulture) + unit);
            }
        }
    }

    private static void Disks(GuestDefinition config, GuestDefinition running, Action<string, string?, string?> say)
    {
        static string Key(DiskSpec disk) => disk.Vdev?.Number.ToString(CultureInfo.InvariantCulture) ?? disk.VdevText;

        var left = ByKey(config.Disks, Key);
        var right = ByKey(running.Disks, Key);
        foreach (var (key, disk) in left)
        {
            say($"disk {disk.Vdev?.Name ?? disk.VdevText}", Show(disk), right.TryGetValue(key, out var other) ? Show(other) : null);
        }

        foreach (var (_, disk) in right.Where(pair => !left.ContainsKey(pair.Key)))
        {
            say($"disk {disk.Vdev?.Name ?? disk.VdevText}", null, Show(disk));
        }
    }

    private static string Show(DiskSpec disk)
    {
        var target = disk.Target.Length == 0 ? "an empty drive" : Secrets.Show(disk.Path ?? $"{Kind(disk.Script)}:{disk.Target}");
        var format = disk.Format is DiskFormat.Raw or DiskFormat.Empty ? "" : $", {disk.Format.ToString().ToLowerInvariant()}";
        return target + format + (disk.IsCdrom ? ", CD" : disk.ReadOnly ? ", read-only" : "") + (disk.Shared ? ", shared" : "");
    }

    /// <summary>A script is block-drbd in a config and may be its whole path in a running domain.</summary>
    private static string Kind(string? script) => Path.GetFileName(script ?? "").Replace("block-", "", StringComparison.Ordinal);

    private static void Vifs(GuestDefinition config, GuestDefinition running, Action<string, string?, string?> say)
    {
        var free = running.Vifs.ToList();
        var rest = new List<(VifSpec Vif, int Index)>();
        for (var i = 0; i < config.Vifs.Count; i++)
        {
            var vif = config.Vifs[i];
            var same = vif.Mac is null ? null : free.FirstOrDefault(other => other.Mac == vif.Mac);
            if (same is null)
            {
                rest.Add((vif, i));
                continue;
            }

            free.Remove(same);
            Pair(vif, same, i);
        }

        // Without a MAC in the config the device number is what ties the two together.
        foreach (var (vif, i) in rest)
        {
            var same = free.FirstOrDefault(other => (other.DeviceId ?? running.Vifs.ToList().IndexOf(other)) == (vif.DeviceId ?? i));
            if (same is not null)
            {
                free.Remove(same);
            }

            Pair(vif, same, i);
        }

        foreach (var vif in free)
        {
            say($"network device {vif.Mac ?? "without MAC"}", null, $"bridge {vif.Bridge ?? VifSpec.DefaultBridge}");
        }

        void Pair(VifSpec left, VifSpec? right, int index)
        {
            var what = string.Create(CultureInfo.InvariantCulture, $"network device {index}");
            if (right is null)
            {
                say(what, $"bridge {left.Bridge ?? VifSpec.DefaultBridge}" + (left.Mac is null ? "" : $", MAC {left.Mac}"), null);
                return;
            }

            Part("MAC", left.Mac, right.Mac);
            Part("bridge", left.Bridge, right.Bridge);
            Part("model", left.Model, right.Model);
            Part("rate in bytes a second", Text(left.Rate), Text(right.Rate));
            Part("MTU", Text(left.Mtu), Text(right.Mtu));
            Part("VLAN", left.Vlan, right.Vlan);
            Part("IP", left.Ip, right.Ip);

            void Part(string name, string? said, string? has)
            {
                if (said is not null)
                {
                    say($"{what}, {name}", said, has ?? "none");
                }
            }
        }
    }

    private static string? Text(VifRate? rate) => rate?.BytesPerSecond.ToString(CultureInfo.InvariantCulture);

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, T> ByKey<T>(IEnumerable<T> items, Func<T, string> key) =>
        items.GroupBy(key, StringComparer.Ordinal).ToDictionary(same => same.Key, same => same.Last(), StringComparer.Ordinal);
}
