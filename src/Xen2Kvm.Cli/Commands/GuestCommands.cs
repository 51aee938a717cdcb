using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k guest …</summary>
internal static class GuestCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("guest", "Guests of all hosts, as last seen") { List(common), Show(common) };

    private static Command List(CommonOptions common)
    {
        var host = new Option<string?>("--host") { Description = "Only guests of this host" };
        var command = new Command("list", "All guests") { host };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var query = parsed.GetValue(host) is { } only ? "?host=" + HostCommands.Escape(only) : "";
            var guests = await client.GetAsync("guests" + query, token).ConfigureAwait(false);
            print.Result(guests, () => print.Table(
                ["HOST", "GUEST", "POWER", "KIND", "VCPU", "MEMORY", "DISKS", "NICS", "CONCERNS"],
                guests.AsArray().Select(seen =>
                {
                    var guest = seen!["guest"]!;
                    var disks = guest["disks"]!.AsArray();
                    return new[]
                    {
                        (string?)seen["host"], (string?)guest["name"], (string?)guest["power"], (string?)guest["kind"], guest["vcpus"]?.ToString(),
                        $"{guest["memoryMiB"]} MiB", $"{disks.Count}, {Units.Size(disks.Sum(disk => (long?)disk!["sizeBytes"] ?? 0))}",
                        guest["nics"]!.AsArray().Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                        Tally(ConcernCounts.Of(ConcernsOf(seen))),
                    };
                })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var host = HostCommands.HostArgument();
        var name = new Argument<string>("guest") { Description = "Name of the guest" };
        var command = new Command("show", "One guest with every known fact") { host, name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = HostCommands.GuestPath(parsed.GetRequiredValue(host), parsed.GetRequiredValue(name));
            var seen = await client.GetAsync(path, token).ConfigureAwait(false);
            print.Result(seen, () => ShowGuest(print, seen));
            return CliExit.Done;
        });
        return command;
    }

    private static void ShowGuest(Printer print, JsonNode seen)
    {
        var guest = seen["guest"]!;
        var boot = guest["boot"]!;
        print.Facts(
            ("guest", (string?)guest["name"]), ("host", (string?)seen["host"]), ("seen", Units.Time(seen["seenAt"]!.GetValue<DateTimeOffset>())),
            ("UUID", (string?)guest["uuid"]), ("kind", (string?)guest["kind"]), ("power", (string?)guest["power"]),
            ("vCPUs", $"{guest["vcpus"]} (at most {guest["maxVcpus"]})"), ("memory", $"{guest["memoryMiB"]} MiB (at most {guest["maxMemoryMiB"]})"),
            ("boot", $"{boot["method"]} {boot["kernel"] ?? boot["bootLoader"] ?? boot["firmware"]}"), ("command line", (string?)boot["commandLine"]),
            ("config", (string?)guest["configPath"]), ("autostart", (bool?)guest["autostart"] == true ? "yes" : "no"));
        print.Line();
        print.Table(["DISK", "PATH", "FORMAT", "ON", "SIZE", "CONTENT"], guest["disks"]!.AsArray().Select(disk => new[]
        {
            (string?)disk!["vdev"], (string?)disk["path"], (string?)disk["format"], (string?)disk["backing"],
            Units.Size((long?)disk["sizeBytes"]), (string?)disk["content"],
        }));
        print.Line();
        print.Table(["NIC", "MAC", "BRIDGE", "ADDRESSES"], guest["nics"]!.AsArray().Select(nic => new[]
        {
            nic!["index"]?.ToString(), (string?)nic["mac"], (string?)nic["bridge"], string.Join(", ", nic["addresses"]!.AsArray()),
        }));
        foreach (var (list, word) in new[] { ("unsupported", "not on KVM"), ("configProblems", "problem"), ("drift", "drift") })
        {
            foreach (var line in guest[list]!.AsArray())
            {
                print.Line($"{word}: {line}");
            }
        }

        foreach (var concern in ConcernsOf(seen))
        {
            PlanCommands.Show(print, concern);
        }

        foreach (var fact in guest["facts"]!.AsArray())
        {
            print.Line($"{fact!["name"]}: {fact["value"]} ({fact["where"]})");
        }
    }

    private static List<Concern> ConcernsOf(JsonNode seen) => seen["concerns"].Deserialize<List<Concern>>(RunJson.Options)!;

    private static string Tally(ConcernCounts counts) => string.Join(", ",
        Enum.GetValues<Severity>().OrderDescending().Select(severity => (Count: counts.Count(severity), Word: severity.ToString().ToLowerInvariant()))
            .Where(found => found.Count > 0).Select(found => $"{found.Count} {found.Word}{(found.Count > 1 ? "s" : "")}"));
}
