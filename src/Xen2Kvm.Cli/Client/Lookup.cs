using System.Text.Json.Nodes;

namespace Xen2Kvm.Cli.Client;

/// <summary>Finds plans, runs, waves, cleanups and host groups by what a person types: the id, its beginning, or the name (its newest).</summary>
internal static class Lookup
{
    /// <summary>The id of a plan.</summary>
    public static Task<Guid> PlanAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        FindAsync(client, "plans", "plan", "guest", given, cancellationToken);

    /// <summary>The id of a run.</summary>
    public static Task<Guid> RunAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        FindAsync(client, "runs", "run", "guestName", given, cancellationToken);

    /// <summary>The id of a wave.</summary>
    public static Task<Guid> WaveAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        FindAsync(client, "waves", "wave", "name", given, cancellationToken);

    /// <summary>The id of a group of hosts.</summary>
    public static Task<Guid> HostGroupAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        FindAsync(client, "host-groups", "host group", "name", given, cancellationToken);

    /// <summary>The id of a cleanup.</summary>
    public static Task<Guid> CleanupAsync(ApiClient client, string given, CancellationToken cancellationToken) =>
        FindAsync(client, "cleanups", "cleanup", "title", given, cancellationToken);

    private static async Task<Guid> FindAsync(
        ApiClient client, string path, string what, string nameProperty, string given, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(given, out var id))
        {
            return id;
        }

        // The server lists the newest first.
        var all = (await client.GetAsync(path, cancellationToken).ConfigureAwait(false)).AsArray();
        if (all.FirstOrDefault(item => (string?)item?[nameProperty] == given) is { } named)
        {
            return Id(named);
        }

        var beginning = all.Where(item => Id(item!).ToString().StartsWith(given, StringComparison.OrdinalIgnoreCase)).Take(2).ToList();
        return beginning switch
        {
            [{ } one] => Id(one),
            [] => throw new CliException($"There is no {what} {given}: neither an id, nor the beginning of one, nor a name. `x2k {what} list` shows them."),
            _ => throw new CliException($"Several ids begin with {given}; give more of it."),
        };
    }

    private static Guid Id(JsonNode item) => item["id"]!.GetValue<Guid>();
}
