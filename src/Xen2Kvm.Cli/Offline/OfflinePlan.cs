using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Hosts.Xen;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Cli.Offline;

/// <summary>Plans a guest from its config alone, by the same rules as the dashboard does with hosts.</summary>
internal static partial class OfflinePlan
{
    /// <summary>The guest as it would be on KVM, and what a person should know of it.</summary>
    /// <exception cref="CliException">Something is missing; the message names the option that gives it.</exception>
    public static (TargetGuest Target, IReadOnlyList<string> Notes) Make(ConfigReading reading, DefineOptions options)
    {
        var definition = Choose(reading, options.Guest);
        var notes = Notes(definition).ToList();
        var guest = XenGuestReader.Read(
            new XenSource { Name = definition.Name, Config = definition, Power = PowerState.Off }, _ => null,
            Array.Empty<string>().ToLookup(mac => mac, StringComparer.Ordinal));
        guest = guest with
        {
            Uuid = options.Uuid ?? guest.Uuid,
            Disks = DiskSizes.Fill(guest.Disks, options.Sizes),
            Nics = [.. guest.Nics.Select(nic => nic with { Mac = Mac(nic, guest.Name, options.Macs, notes) })],
        };
        if (guest.Uuid is null)
        {
            notes.Add("The config gives no UUID; a new one is made up here. Give one with --uuid to keep it the same.");
        }

        try
        {
            var plan = PlanProposal.Make(Guid.NewGuid(), Here(HostKind.Xen), guest, Here(HostKind.Kvm), There(options, guest), options.Choices, "x2k", DateTimeOffset.UtcNow);
            return (plan.Target, notes);
        }
        catch (PlanningException refused)
        {
            throw new CliException(refused.Message);
        }
    }

    private static GuestDefinition Choose(ConfigReading reading, string? name)
    {
        var named = name is null ? reading.Guests : [.. reading.Guests.Where(guest => guest.Name == name)];
        return named switch
        {
            [{ Name.Length: 0 }] => throw new CliException("The guest's name could not be read: " + string.Join("; ", named[0].Problems)),
            [var one] => one,
            [] when reading.Guests.Count == 0 => throw new CliException("No guest was found: " + string.Join("; ", reading.Problems)),
            [] => throw CliException.Usage($"There is no guest {name} in it. It has: {Names(reading)}."),
            _ => throw CliException.Usage($"It holds several guests; choose one with --guest: {Names(reading)}."),
        };
    }

    private static string Names(ConfigReading reading) => string.Join(", ", reading.Guests.Select(guest => guest.Name));

    private static IEnumerable<string> Notes(GuestDefinition definition) =>
        definition.Problems.Select(problem => problem.ToString())
            .Concat(definition.Unsupported.Select(setting => $"{setting.Key} = {setting.Value} is not kept: {setting.Reason}"));

    private static string Mac(GuestNic nic, string guest, IReadOnlyDictionary<string, string> given, List<string> notes)
    {
        if (given.TryGetValue(nic.Index.ToString(CultureInfo.InvariantCulture), out var mac))
        {
            return MacPattern().IsMatch(mac) ? mac.ToLowerInvariant() : throw CliException.Usage($"--mac {nic.Index}={mac} is no MAC address; give one like 52:54:00:12:34:56.");
        }

        if (nic.Mac is { } fixedMac)
        {
            return fixedMac;
        }

        // The same at each call, so that a definition made twice does not change the guest's network.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{guest}\n{nic.Index}"));
        var made = string.Create(CultureInfo.InvariantCulture, $"52:54:00:{hash[0]:x2}:{hash[1]:x2}:{hash[2]:x2}");
        notes.Add($"NIC {nic.Index} has no MAC in the config: Xen makes up a new one at each start. It gets {made} here; give another with --mac {nic.Index}=MAC.");
        return made;
    }

    private static Host Here(HostKind kind) =>
        new() { Id = Guid.Empty, Name = kind == HostKind.Xen ? "the Xen host" : "the KVM host", Kind = kind, Ssh = new SshEndpoint { Address = "localhost" } };

    // The host there is whatever the options say: room enough, and the bridges that are asked for.
    private static HostFacts There(DefineOptions options, Guest guest) => new()
    {
        Hostname = "there",
        KvmUsable = options.UseKvm,
        Storage = options.VolumeGroup is { } vg
            ? [new StorageSpace(StorageKind.VolumeGroup, vg, "/dev/" + vg, long.MaxValue, long.MaxValue)]
            : [new StorageSpace(StorageKind.Directory, options.Directory, options.Directory, long.MaxValue, long.MaxValue)],
        Bridges = [.. guest.Nics.Select(nic => nic.Bridge).OfType<string>().Distinct(StringComparer.Ordinal).Select(name => new Bridge(name, 1500, []))],
    };

    [GeneratedRegex("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$", RegexOptions.CultureInvariant)]
    private static partial Regex MacPattern();
}
