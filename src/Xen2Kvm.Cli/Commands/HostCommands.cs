using System.CommandLine;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k host …</summary>
internal static class HostCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) =>
        new("host", "Xen and KVM hosts")
        {
            HostAdd.Build(common), HostChange.Build(common), List(common), Show(common), Test(common), Refresh(common), Remove(common), HostGroupCommands.Build(common),
        };

    /// <summary>The argument that names a host.</summary>
    public static Argument<string> HostArgument(string description = "Name or id of the host") => new("host") { Description = description };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "All hosts with their state");
        common.Handle(command, async (_, client, print, token) =>
        {
            var hosts = await client.GetAsync("hosts", token).ConfigureAwait(false);
            print.Result(hosts, () => print.Table(
                ["NAME", "KIND", "ADDRESS", "GUESTS", "HYPERVISOR", "STATE"],
                hosts.AsArray().Select(host => new[]
                {
                    (string?)host!["name"], (string?)host["kind"], $"{host["user"]}@{host["address"]}:{host["port"]}", host["guests"]?.ToString(),
                    (string?)host["hypervisor"], State(host),
                })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var name = HostArgument();
        var command = new Command("show", "One host with its facts") { name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var detail = await client.GetAsync($"hosts/{Escape(parsed.GetRequiredValue(name))}", token).ConfigureAwait(false);
            print.Result(detail, () => ShowDetail(print, detail));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Test(CommonOptions common)
    {
        var name = HostArgument();
        var command = new Command("test", "Test the connection, check by check; exit code 1 when one fails") { name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var checks = await client.PostAsync<List<HostCheck>>($"hosts/{Escape(parsed.GetRequiredValue(name))}/test", null, token).ConfigureAwait(false);
            print.Result(checks, () =>
            {
                print.Table(["CHECK", "", "RESULT"], checks.Select(check => new[]
                {
                    check.Name, check.Passed switch { true => "ok", false => "FAILED", null => "not tried" }, check.Result,
                }));
                foreach (var check in checks.Where(check => check.Fix is not null))
                {
                    print.Line($"{check.Name}: {check.Fix}");
                }
            });
            return checks.All(check => check.Passed == true) ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    private static Command Refresh(CommonOptions common)
    {
        var name = HostArgument();
        var command = new Command("refresh", "Take an inventory now") { name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var detail = await client.PostAsync<JsonNode>($"hosts/{Escape(parsed.GetRequiredValue(name))}/refresh", null, token).ConfigureAwait(false);
            print.Result(detail, () => ShowDetail(print, detail));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var name = HostArgument();
        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        var command = new Command("remove", "Forget a host; nothing is changed on it") { name, yes };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var host = parsed.GetRequiredValue(name);
            if (!parsed.GetValue(yes) && !print.Confirm($"Forget {host} with its secret and inventory?", "--yes"))
            {
                throw new CliException($"{host} was not removed.");
            }

            await client.DeleteAsync($"hosts/{Escape(host)}", token).ConfigureAwait(false);
            print.Result(new { removed = host }, () => print.Line($"Removed {host}."));
            return CliExit.Done;
        });
        return command;
    }

    private static void ShowDetail(Printer print, JsonNode detail)
    {
        var host = detail["host"]!;
        var facts = detail["facts"];
        print.Facts(
            ("name", (string?)host["name"]), ("kind", (string?)host["kind"]), ("address", $"{host["user"]}@{host["address"]}:{host["port"]}"),
            ("state", State(host)), ("operating system", (string?)facts?["operatingSystem"]), ("kernel", (string?)facts?["kernel"]),
            ("hypervisor", (string?)facts?["hypervisor"]), ("CPUs", facts?["cpus"]?.ToString()),
            ("memory", facts is null ? null : $"{facts["memoryMiB"]} MiB, {facts["freeMemoryMiB"]} MiB free"),
            ("KVM", facts?["kvmUsable"] is { } kvm ? (bool)kvm ? "usable" : "not usable: guests are emulated" : null),
            ("bridges", facts is null ? null : string.Join(", ", facts["bridges"]!.AsArray().Select(bridge => (string?)bridge!["name"]))),
            ("guests", host["guests"]?.ToString()));
        foreach (var storage in facts?["storage"]?.AsArray() ?? [])
        {
            print.Line($"storage: {storage!["kind"]} {storage["name"]} at {storage["path"]}, {Units.Size((long?)storage["freeBytes"])} of {Units.Size((long?)storage["sizeBytes"])} free");
        }

        foreach (var problem in detail["problems"]!.AsArray())
        {
            print.Line($"problem: {problem}");
        }
    }

    private static string State(JsonNode host) => host["unreachableSince"] is { } since
        ? $"unreachable since {Units.Time(since.GetValue<DateTimeOffset>())}: {host["lastError"]}"
        : host["lastSeenAt"] is { } seen ? $"seen {Units.Time(seen.GetValue<DateTimeOffset>())}" : "no inventory yet";

    /// <summary>A name as a part of a path or a query.</summary>
    public static string Escape(string part) => Uri.EscapeDataString(part);

    /// <summary>The path of a guest; a slash in its name stays one.</summary>
    public static string GuestPath(string host, string guest) => $"guests/{Escape(host)}/{Escape(guest).Replace("%2F", "/", StringComparison.Ordinal)}";
}
