using System.CommandLine;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;

namespace Xen2Kvm.Cli.Commands;

/// <summary>x2k host group …</summary>
internal static class HostGroupCommands
{
    /// <summary>Builds the group of commands.</summary>
    public static Command Build(CommonOptions common) =>
        new("group", "Groups of hosts, on which a person can have a role") { List(common), Add(common), Rename(common), Remove(common), Put(common) };

    private static Argument<string> GroupArgument() => new("group") { Description = "Name of the group, its id, or the beginning of it" };

    private static Command List(CommonOptions common)
    {
        var command = new Command("list", "All groups with their hosts");
        common.Handle(command, async (_, client, print, token) =>
        {
            var groups = await client.GetAsync("host-groups", token).ConfigureAwait(false);
            print.Result(groups, () => print.Table(
                ["NAME", "HOSTS", "ID"],
                groups.AsArray().Select(group => new[] { (string?)group!["name"], string.Join(", ", group["hosts"]!.AsArray().Select(host => (string?)host)), (string?)group["id"] })));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Add(CommonOptions common)
    {
        var name = new Argument<string>("name") { Description = "Its name" };
        var command = new Command("add", "Add a group") { name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var added = await client.PostAsync<JsonNode>("host-groups", new { name = parsed.GetRequiredValue(name) }, token).ConfigureAwait(false);
            print.Result(added, () => print.Line($"Added {added["name"]}. Put hosts into it with `x2k host group put HOST {added["name"]}`."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Rename(CommonOptions common)
    {
        var group = GroupArgument();
        var name = new Argument<string>("name") { Description = "Its new name" };
        var command = new Command("rename", "Give a group another name") { group, name };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var id = await Lookup.HostGroupAsync(client, parsed.GetRequiredValue(group), token).ConfigureAwait(false);
            var renamed = await client.PutAsync<JsonNode>($"host-groups/{id}", new { name = parsed.GetRequiredValue(name) }, token).ConfigureAwait(false);
            print.Result(renamed, () => print.Line($"It is called {renamed["name"]} now."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Remove(CommonOptions common)
    {
        var group = GroupArgument();
        var yes = new Option<bool>("--yes") { Description = "Do not ask" };
        var command = new Command("remove", "Remove a group: its hosts are in none, and the roles in it end") { group, yes };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var given = parsed.GetRequiredValue(group);
            var id = await Lookup.HostGroupAsync(client, given, token).ConfigureAwait(false);
            if (!parsed.GetValue(yes) && !print.Confirm($"Remove the group {given}, and end every role in it?", "--yes"))
            {
                throw new CliException($"{given} was not removed.");
            }

            await client.DeleteAsync($"host-groups/{id}", token).ConfigureAwait(false);
            print.Result(new { removed = given }, () => print.Line($"Removed {given}."));
            return CliExit.Done;
        });
        return command;
    }

    private static Command Put(CommonOptions common)
    {
        var host = HostCommands.HostArgument();
        var group = new Argument<string?>("group") { Description = "Name of the group, its id, or the beginning of it", Arity = ArgumentArity.ZeroOrOne };
        var none = new Option<bool>("--none") { Description = "Take it out of its group" };
        var command = new Command("put", "Put a host into a group, or into none") { host, group, none };
        common.Handle(command, async (parsed, client, print, token) =>
        {
            var (name, given) = (parsed.GetRequiredValue(host), parsed.GetValue(group));
            if (given is null != parsed.GetValue(none))
            {
                throw CliException.Usage("Name a group, or give --none.");
            }

            var id = given is null ? (Guid?)null : await Lookup.HostGroupAsync(client, given, token).ConfigureAwait(false);
            var put = await client.PutAsync<JsonNode>($"host-groups/hosts/{HostCommands.Escape(name)}", new { group = id }, token).ConfigureAwait(false);
            print.Result(put, () => print.Line($"{name} is in {(put["group"]?["name"] is { } now ? $"the group {now}" : "no group")}."));
            return CliExit.Done;
        });
        return command;
    }
}
