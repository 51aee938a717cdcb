using System.CommandLine;
using System.Globalization;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Cleanups;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k cleanup …</summary>
internal static class CleanupCommands
{
    /// <summary>Builds the group.</summary>
    public static Command Build(CommonOptions common) => new("cleanup", "What moved guests left on Xen: looked at, proposed, approved by another person, deleted after a hold period")
    {
        List(common), Propose(common), Show(common), Act(common, "look", "Look at its guests anew; what is found then needs a new approval"),
        Decide(common, "approve", true, "Approve the deletion that another person proposed"), Decide(common, "reject", false, "Reject it, with a reason"),
        Act(common, "withdraw", "Take it back; what it has deleted stays deleted"), Run(common),
    };

    private static Argument<string> CleanupArgument() => new("cleanup") { Description = "Id of the cleanup, the beginning of it, or its guests as listed" };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "What every moved guest still has on its Xen host, and its cleanup");
        common.Handle(command, async (_, client, print, token) =>
        {
            var remains = await client.GetAsync<List<Remains>>("cleanups/remains", token).ConfigureAwait(false);
            print.Result(remains, () =>
            {
                print.Table(["HOST", "GUEST", "PROVEN", "DISKS", "SPACE", "MAY BE DELETED FROM", "CLEANUP", "STATE"], remains.Select(one => new[]
                {
                    one.Host, one.Guest, Units.Time(one.ProvenAt), one.Disks.ToString(CultureInfo.InvariantCulture), Units.Size(one.Bytes), Units.Time(one.MayBeDeletedFrom),
                    one.Cleanup?.ToString(), one.State?.ToString(),
                }));
                foreach (var host in remains.GroupBy(one => one.Host, StringComparer.Ordinal))
                {
                    print.Line($"{host.Key} holds {Units.Size(host.Sum(one => one.Bytes))} for guests that have left it.");
                }
            });
            return CliExit.Done;
        });
        return command;
    }

    private static Command Propose(CommonOptions common)
    {
        var host = new Argument<string>("host") { Description = "The Xen host that they left" };
        var guests = new Argument<string[]>("guest") { Description = "The guests", Arity = ArgumentArity.OneOrMore };
        var days = new Option<int?>("--hold-days") { Description = "Days for which each must have been proven (default, and least: what the dashboard is set to)" };
        var command = new Command("propose", "Look at moved guests on their hosts and propose to delete what they left; nothing is deleted") { host, guests, days };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var body = new
            {
                guests = parsed.GetRequiredValue(guests).Select(guest => new { host = parsed.GetRequiredValue(host), guest }), holdDays = parsed.GetValue(days),
            };
            var made = await client.PostAsync<Detail>("cleanups", body, token).ConfigureAwait(false);
            print.Result(made, () => ShowDetail(print, made));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Show(CommonOptions common)
    {
        var id = CleanupArgument();
        var command = new Command("show", "One cleanup: its items, the command for each, and what became of it") { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var found = await client.GetAsync<Detail>(await PathAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false), token).ConfigureAwait(false);
            print.Result(found, () => ShowDetail(print, found));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Act(CommonOptions common, string verb, string description)
    {
        var id = CleanupArgument();
        var command = new Command(verb, description) { id };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var changed = await client.PostAsync<Detail>($"{await PathAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false)}/{verb}", null, token).ConfigureAwait(false);
            print.Result(changed, () => ShowDetail(print, changed));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Decide(CommonOptions common, string verb, bool approve, string description)
    {
        var id = CleanupArgument();
        var reason = new Option<string?>("--reason") { Description = approve ? "Why" : "Why not", Required = !approve };
        var fingerprint = new Option<string?>("--fingerprint")
        {
            Description = "The fingerprint that you looked at, or its beginning; refused when something else is proposed now (default: what is proposed now)",
        };
        var command = new Command(verb, description) { id, reason, fingerprint };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = await PathAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            var now = (await client.GetAsync<Detail>(path, token).ConfigureAwait(false)).Fingerprint;
            if (parsed.GetValue(fingerprint) is { } seen && !now.StartsWith(seen, StringComparison.OrdinalIgnoreCase))
            {
                throw new CliException($"What is proposed now has another fingerprint ({now}). Look at it again: x2k cleanup show.");
            }

            var decided = await client.PostAsync<Detail>($"{path}/decision", new { approve, fingerprint = now, reason = parsed.GetValue(reason) }, token).ConfigureAwait(false);
            print.Result(decided, () => print.Line($"The cleanup of {decided.Title} is {CleanupRules.Word(decided.Cleanup.State)}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Run(CommonOptions common)
    {
        var id = CleanupArgument();
        var delete = new Option<bool>("--delete") { Description = "Delete for good; without it, it is a dry run" };
        var confirm = new Option<string[]>("--confirm") { Description = "The name of a guest of the cleanup; needed for each to delete", AllowMultipleArgumentsPerToken = false };
        var command = new Command(
            "run", "Dry run: print the commands that would run now; with --delete, delete. Exit code 0 when it could be started, or everything is gone") { id, delete, confirm };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var path = await PathAsync(client, parsed.GetRequiredValue(id), token).ConfigureAwait(false);
            if (!parsed.GetValue(delete))
            {
                var dry = await client.PostAsync<Rehearsal>($"{path}/run", new { delete = false }, token).ConfigureAwait(false);
                print.Result(dry, () => ShowDry(print, dry));
                return dry.WhyNot.Count + dry.Differences.Count == 0 ? CliExit.Done : CliExit.Failed;
            }

            var now = await client.PostAsync<Detail>($"{path}/run", new { delete = true, confirm = parsed.GetValue(confirm) ?? [] }, token).ConfigureAwait(false);
            while (now.Cleanup.State == CleanupState.Deleting)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), token).ConfigureAwait(false);
                now = await client.GetAsync<Detail>(path, token).ConfigureAwait(false);
            }

            print.Result(now, () => ShowDetail(print, now));
            return now.Cleanup.State == CleanupState.Done ? CliExit.Done : CliExit.Failed;
        });
        return command;
    }

    private static async Task<string> PathAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        $"cleanups/{await Lookup.CleanupAsync(client, given, cancellationToken).ConfigureAwait(false)}";

    private static void ShowDry(Printer print, Rehearsal dry)
    {
        print.Line("Dry run: nothing is deleted. These commands would run:");
        foreach (var host in dry.Commands)
        {
            print.Line($"on {host.Host}:");
            foreach (var line in host.Commands)
            {
                print.Line($"  {line}");
            }
        }

        print.Line($"They would free {Units.Size(dry.Bytes)}.");
        foreach (var why in dry.WhyNot.Concat(dry.Differences))
        {
            print.Line($"not now    {why}");
        }
    }

    private static void ShowDetail(Printer print, Detail detail)
    {
        var cleanup = detail.Cleanup;
        print.Facts(
            ("cleanup", $"{detail.Title}, {detail.Id}"), ("state", cleanup.State.ToString()), ("note", cleanup.Note), ("proposed", $"by {cleanup.ProposedBy}, {Units.Time(cleanup.ProposedAt)}"),
            ("approval", cleanup.Decision is { } decision ? $"{(decision.Approved ? "approved" : "rejected")} by {decision.By}, {Units.Time(decision.At)}" : null),
            ("not before", Units.Time(detail.MayRunFrom)), ("to free", Units.Size(detail.BytesLeft)), ("freed", detail.BytesFreed > 0 ? Units.Size(detail.BytesFreed) : null), ("fingerprint", detail.Fingerprint));
        foreach (var difference in cleanup.Drift)
        {
            print.Line($"differs    {difference}");
        }

        print.Line();
        print.Table(["GUEST", "HOST", "WHAT", "PATH", "SPACE", "STATE, OR COMMAND"], cleanup.Items.Select(item => new[]
        {
            item.Guest, item.Host, CleanupItem.Word(item.Kind), item.Path, Units.Size(item.Bytes), item.Outcome?.Text ?? (item.Stays is { } why ? $"stays: {why}" : item.Command),
        }));
    }

    private sealed record Detail(Guid Id, string Title, string Fingerprint, DateTimeOffset MayRunFrom, long BytesLeft, long BytesFreed, Cleanup Cleanup);

    private sealed record Remains(string Host, string Guest, Guid Run, DateTimeOffset ProvenAt, DateTimeOffset MayBeDeletedFrom, int Disks, long Bytes, Guid? Cleanup, CleanupState? State);

    private sealed record Rehearsal(IReadOnlyList<string> WhyNot, IReadOnlyList<string> Differences, IReadOnlyList<HostCommands> Commands, long Bytes);

    private sealed record HostCommands(string Host, IReadOnlyList<string> Commands);
}
