using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k plan … and x2k preflight.</summary>
internal static class PlanCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) =>
        new("plan", "What a guest becomes, where, and how") { PlanCreate.Build(common), List(common), Show(common), Rehearsals.OfPlan(common) };

    /// <summary>The argument that names a plan.</summary>
    public static Argument<string> PlanArgument() =>
        new("plan") { Description = "Id of the plan, the beginning of it, or the guest's name for its newest plan" };

    /// <summary>Builds <c>x2k preflight</c>.</summary>
    public static Command Preflight(CommonOptions common)
    {
        var id = PlanArgument();
        var accept = new Option<string[]>("--accept") { Description = "Accept the warning of this key (X03:…); may be given often" };
        var reason = new Option<string?>("--reason") { Description = "Why they may be accepted" };
        var days = new Option<int?>("--for-days") { Description = "For how many days (default: as long as the plan exists)" };
        var command = new Command("preflight", "Check a plan against both hosts now; exit code 1 when something stops a start") { id, accept, reason, days };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var plan = await Lookup.PlanAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            if (parsed.GetValue(accept) is { Length: > 0 } keys)
            {
                await client.PostAsync<JsonNode>($"plans/{plan}/acknowledge", new { concerns = keys, reason = parsed.GetValue(reason), expiresInDays = parsed.GetValue(days) }, token).ConfigureAwait(false);
            }

            var result = await client.PostAsync<Result>($"plans/{plan}/preflight", null, token).ConfigureAwait(false);
            print.Result(result, () => Show(print, result));
            return result.MayStart ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    /// <summary>Prints a plan for a person.</summary>
    public static void Show(Printer print, Plan plan)
    {
        print.Facts(
            ("plan", plan.Id.ToString()), ("guest", $"{plan.Source.Name} becomes {plan.Target.Name}"), ("route", plan.Route),
            ("made", $"{Units.Time(plan.CreatedAt)} by {plan.CreatedBy}"),
            ("vCPUs", $"{plan.Source.Vcpus} -> {plan.Target.Vcpus}"), ("memory", $"{plan.Source.MemoryMiB} -> {plan.Target.MemoryMiB} MiB"),
            ("machine", $"{plan.Target.Machine}, {plan.Target.Firmware}, {(plan.Target.UseKvm ? "KVM" : "emulated (TCG)")}"),
            ("proof", $"ping {plan.Proof.PingAddress ?? "-"}, TCP port {plan.Proof.TcpPort?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}, within {plan.Proof.TimeoutSeconds} s"),
            ("accepted", plan.Acknowledged.Count == 0 ? null : string.Join(", ", plan.Acknowledged.Select(known => $"{known.ConcernKey} by {known.By}"))));
        print.Line();
        print.Table(["FROM", "PATH", "TO", "PATH", "PART", "OFFSET", "SIZE", ""], plan.Target.Disks.SelectMany(disk => disk.Parts.Select(part => new[]
        {
            part.SourceVdev, part.SourcePath, disk.Device, $"{disk.Path} ({disk.Format})", part.PartitionNumber == 0 ? "whole" : $"{part.PartitionNumber}",
            Units.Size(part.OffsetBytes), Units.Size(part.LengthBytes), part.Action == PartAction.Copy ? "copied" : "swap made anew",
        })));
        print.Line();
        print.Table(["MAC", "BRIDGE", "MODEL"], plan.Target.Nics.Select(nic => new[] { nic.Mac, nic.Bridge, nic.Model }));
    }

    /// <summary>Prints a finding for a person.</summary>
    public static void Show(Printer print, Concern concern, bool accepted = false)
    {
        print.Line($"{concern.Severity} {concern.Key}: {concern.Title}{(accepted ? " (accepted)" : "")}");
        print.Line($"  seen: {concern.Evidence}");
        print.Line($"  do:   {concern.Fix}");
    }

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "All plans, newest first");
        common.Handle(command, async (_, client, print, token) =>
        {
            var plans = await client.GetAsync("plans", token).ConfigureAwait(false);
            print.Result(plans, () => print.Table(["ID", "GUEST", "FROM", "TO", "NAME THERE", "MADE", "BY"], plans.AsArray().Select(plan => new[]
            {
                (string?)plan!["id"], (string?)plan["guest"], (string?)plan["sourceHost"], (string?)plan["targetHost"], (string?)plan["targetName"],
                Units.Time(plan["createdAt"]!.GetValue<DateTimeOffset>()), (string?)plan["createdBy"],
            })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var id = PlanArgument();
        var xml = new Option<bool>("--xml") { Description = "Print the libvirt XML that it defines" };
        var command = new Command("show", "One plan") { id, xml };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var plan = await Lookup.PlanAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            if (parsed.GetValue(xml))
            {
                var text = await client.GetTextAsync($"plans/{plan}/xml", token).ConfigureAwait(false);
                print.Result(new { xml = text }, () => print.Raw(text.TrimEnd() + "\n"));
                return CliExit.Done;
            }

            var found = await client.GetAsync($"plans/{plan}", token).ConfigureAwait(false);
            print.Result(found, () =>
            {
                Show(print, found.Deserialize<Plan>(RunJson.Options)!);
                print.Line();
                print.Line($"Projected downtime: {ProjectedDowntime.Describe(found) ?? DowntimeForecast.NoneYet}.");
            });
            return CliExit.Done;
        });
        return command;
    }

    private static void Show(Printer print, Result result)
    {
        foreach (var concern in result.Concerns)
        {
            Show(print, concern, accepted: concern.Severity != Severity.Info && !result.Stopping.Contains(concern.Key));
        }

        print.Line(result.MayStart
            ? "Nothing stops a start."
            : $"A start is stopped by {string.Join(", ", result.Stopping)}. Mend blockers; accept warnings with --accept KEY.");
    }

    private sealed record Result(bool MayStart, IReadOnlyList<string> Stopping, IReadOnlyList<Concern> Concerns);
}
