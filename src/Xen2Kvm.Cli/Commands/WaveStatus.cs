using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Cli.Client;
using Xen2Kvm.Cli.Output;
using Xen2Kvm.Domain.Waves;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Commands;

/// <summary>A wave at one time, as the API tells it.</summary>
internal sealed class WaveStatus
{
    private readonly Wave _wave;
    private readonly List<Plan> _plans;

    private WaveStatus(JsonNode json) =>
        (Json, _wave, _plans) = (json, json["wave"].Deserialize<Wave>(RunJson.Options)!, json["plans"].Deserialize<List<Plan>>(RunJson.Options)!);

    /// <summary>The whole answer.</summary>
    public JsonNode Json { get; }

    /// <summary>Reads it.</summary>
    public static async Task<WaveStatus> ReadAsync(ApiClient client, Guid id, CancellationToken cancellationToken) =>
        new(await client.GetAsync($"waves/{id}", cancellationToken).ConfigureAwait(false));

    /// <summary>Prints it for a person.</summary>
    public void Show(Printer print)
    {
        var approvals = string.Join("; ", _wave.Decisions.Select(decision => $"{(decision.Approved ? "approved" : "rejected")} by {decision.By}, {Units.Time(decision.At)}"));
        print.Facts(
            ("wave", $"{_wave.Name}, {_wave.Id}"), ("state", _wave.State.ToString()), ("note", _wave.Note), ("windows", _wave.Calendar.Describe()),
            ("opens", Units.Time(Json["windowOpensAt"]?.GetValue<DateTimeOffset>())), ("closes", Units.Time(Json["windowClosesAt"]?.GetValue<DateTimeOffset>())),
            ("in flight", $"{Json["running"]} of {_wave.Policy.MaxConcurrent}"), ("failures", $"{Json["failures"]}"), ("approval", approvals.Length > 0 ? approvals : null),
            ("fingerprint", _wave.Fingerprint));
        foreach (var difference in _wave.Drift)
        {
            print.Line($"differs    {difference}");
        }

        print.Line();
        print.Table(["GUEST", "FROM", "TO", "STATE", "WHERE, OR WHY NOT", "RUN"], _plans.Select(plan => new[]
        {
            plan.Guest, plan.SourceHost, plan.TargetHost, plan.State.ToString(), plan.Reason, plan.Run?.ToString(),
        }));
    }

    /// <summary>Prints what is not as it was shown last.</summary>
    public void ShowChanges(Printer print, Dictionary<string, string> shown)
    {
        Tell("", $"{_wave.Name}: {_wave.State}{(_wave.Note is null ? "" : $". {_wave.Note}")}", new { wave = _wave.Name, state = _wave.State, note = _wave.Note });
        foreach (var plan in _plans)
        {
            Tell(plan.Guest, $"{plan.Guest}: {plan.State}{(plan.Reason.Length > 0 ? $", {plan.Reason}" : "")}", new { guest = plan.Guest, state = plan.State, reason = plan.Reason, run = plan.Run });
        }

        void Tell(string key, string line, object json)
        {
            if (shown.GetValueOrDefault(key) == line)
            {
                return;
            }

            shown[key] = line;
            if (print.Json)
            {
                print.JsonLine(json);
            }
            else
            {
                print.Line($"{Units.Time(DateTimeOffset.UtcNow)} {line}");
            }
        }
    }

    /// <summary>Whether nothing moves any more without a person.</summary>
    /// <param name="proven">Everything has come through.</param>
    public bool WaitsForPerson(out bool proven)
    {
        proven = _plans.Count > 0 && _plans.TrueForAll(plan => plan.State == EntryState.Proven);
        var moves = _plans.Exists(plan => plan.State is EntryState.Running or EntryState.RollingBack);
        return _wave.State is not (WaveState.Running or WaveState.Approved) && !moves;
    }

    private sealed record Plan(string Guest, string SourceHost, string TargetHost, EntryState State, string Reason, Guid? Run);
}
