using System.Security.Claims;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Limits;
using Xen2Kvm.Engine.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/runs.</summary>
internal static class RunEndpoints
{
    private const int MostLines = 5000;
    private const int LongestWaitSeconds = 30;

    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", ListAsync).WithSummary("Runs, newest first");
        group.MapGet("/{id:guid}", ShowAsync)
            .WithSummary("One run with its whole pipeline, and as projectedDowntime what is to be expected of it (null when that cannot be told); waitsFor is there while a limit keeps it from beginning")
            .Produces<Run>().AddOpenApiOperationTransformer(ProjectedDowntime.DescribeAsync).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapPost("", StartAsync).RequireAuthorization(Roles.Somewhere(Roles.Operator)).WithSummary("Start a plan after a fresh preflight")
            .Produces<Run>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{id:guid}/stop", StopAsync).OnRun(Roles.Operator)
            .WithSummary("Stop as soon as it is safe; everything is kept").ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{id:guid}/resume", ResumeAsync).OnRun(Roles.Operator)
            .WithSummary("Go on with a failed or stopped run").ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{id:guid}/rollback", RollBackAsync).OnRun(Roles.Operator)
            .WithSummary("Undo: the guest runs on its source again").ProducesProblem(StatusCodes.Status409Conflict);
        group.MapPost("/{id:guid}/answer", AnswerAsync).OnRun(Roles.Operator)
            .WithSummary("Answer the open question").ProducesProblem(StatusCodes.Status409Conflict);
        group.MapGet("/{id:guid}/log", LogAsync).WithSummary("Log lines after a sequence number, and wait holds the answer until there is one; or with before the last lines before a number that hold the text q, are of the step and at least of the level");
        group.MapGet("/{id:guid}/log/text", LogTextAsync)
            .WithSummary("The whole log as plain text, one line each; with q, step and level only what passes, and with times=false nothing but the text")
            .Produces(StatusCodes.Status200OK, contentType: "text/plain").ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        group.MapGet("/{id:guid}/samples", SamplesAsync).WithSummary("Samples of the throughput chart");
    }

    /// <summary>The run of an id.</summary>
    /// <exception cref="ApiException">There is none.</exception>
    public static async Task<Run> FindAsync(Guid id, RunService runs, CancellationToken cancellationToken) =>
        await runs.FindAsync(id, cancellationToken).ConfigureAwait(false) ?? throw ApiException.NotFound("There is no run of this id.");

    private static Task<IReadOnlyList<Run>> ListAsync(RunService runs, CancellationToken cancellationToken, int most = 100) =>
        runs.ListAsync(Math.Clamp(most, 1, 1000), cancellationToken);

    private static async Task<JsonObject> ShowAsync(
        Guid id, RunService runs, RunReader reader, PlanService plans, LimitService limits, TimeProvider time, IOptions<JsonOptions> json, CancellationToken cancellationToken)
    {
        var run = await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        var forecast = run.IsActive && await plans.FindAsync(run.PlanId, cancellationToken).ConfigureAwait(false) is { } plan
            ? DowntimeForecast.During(run, plan, await reader.ListAsync(now: true, cancellationToken).ConfigureAwait(false), time.GetUtcNow())
            : null;
        var answer = ProjectedDowntime.Beside(run, forecast, json.Value);
        if (await limits.WhyWaitingAsync(run, cancellationToken).ConfigureAwait(false) is { } why)
        {
            answer["waitsFor"] = why;
        }

        return answer;
    }

    private static async Task<IResult> StartAsync(
        StartRequest request, RunService runs, Access access, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        Access.Require(user, Roles.Operator, await access.OfPlansAsync([request.Plan], cancellationToken).ConfigureAwait(false));
        var run = await runs.StartAsync(request.Plan, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return TypedResults.Created($"/api/v1/runs/{run.Id}", run);
    }

    private static async Task<Run> StopAsync(Guid id, RunService runs, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return await runs.StopAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Run> ResumeAsync(Guid id, RunService runs, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return await runs.ResumeAsync(id, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Run> RollBackAsync(
        Guid id, RollBackRequest? request, RunService runs, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return await runs.RollBackAsync(id, request?.DeleteTarget ?? false, user.ActorName(), cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Run> AnswerAsync(
        Guid id, AnswerRequest request, RunService runs, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        await runs.AnswerAsync(id, request.Question, request.Value, user.ActorName(), cancellationToken).ConfigureAwait(false);
        return await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<LogPage> LogAsync(
        Guid id, RunService runs, RunFeed feed, TimeProvider time, CancellationToken cancellationToken, long after = 0, int most = 1000, int wait = 0,
        long? before = null, string? q = null, string? step = null, string level = nameof(RunLogLevel.Debug))
    {
        most = Math.Clamp(most, 1, MostLines);
        if (before is { } end)
        {
            var found = await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
            var last = await runs.ReadLogBackAsync(id, Query(q, step, level, most) with { Before = end }, cancellationToken).ConfigureAwait(false);
            return new LogPage(last.Count > 0 ? last[^1].Sequence : after, found.State, last);
        }

        var until = time.GetUtcNow().AddSeconds(Math.Clamp(wait, 0, LongestWaitSeconds));

        // Subscribed before the first look, so that no line falls between the look and the wait.
        using var changed = new SemaphoreSlim(0);
        using var subscription = feed.Subscribe(id, () =>
        {
            changed.Release();
            return Task.CompletedTask;
        });
        while (true)
        {
            var run = await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
            var lines = await runs.ReadLogAsync(id, after, most, cancellationToken).ConfigureAwait(false);
            var left = until - time.GetUtcNow();
            if (lines.Count > 0 || run.IsEnded || left <= TimeSpan.Zero)
            {
                return new LogPage(lines.Count > 0 ? lines[^1].Sequence : after, run.State, lines);
            }

            await changed.WaitAsync(left, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<IResult> LogTextAsync(
        Guid id, RunService runs, CancellationToken cancellationToken, string? q = null, string? step = null, string level = nameof(RunLogLevel.Debug), bool times = true)
    {
        var query = Query(q, step, level, MostLines);
        var run = await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return TypedResults.Stream(body => WriteLogAsync(body, run.Id, query, times, runs, cancellationToken), "text/plain; charset=utf-8", $"{DiskLayout.SafeName(run.GuestName)}-{run.Id:N}.log");
    }

    // A log may be larger than the memory: it goes out part by part.
    private static async Task WriteLogAsync(Stream body, Guid id, RunLogQuery query, bool times, RunService runs, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 15, leaveOpen: true);
        var text = new StringBuilder();
        long after = 0;
        while (await runs.ReadLogAsync(id, after, MostLines, cancellationToken).ConfigureAwait(false) is { Count: > 0 } lines)
        {
            text.Clear();
            foreach (var line in lines.Where(query.Passes))
            {
                RunLogText.Line(text, line, times);
            }

            await writer.WriteAsync(text, cancellationToken).ConfigureAwait(false);
            after = lines[^1].Sequence;
        }
    }

    /// <summary>Which lines of a log are asked for.</summary>
    /// <exception cref="ApiException">There is no such level.</exception>
    public static RunLogQuery Query(string? text, string? step, string level, int most) => new()
    {
        Most = Math.Clamp(most, 1, MostLines),
        Text = text,
        StepId = step,
        Level = Enum.TryParse<RunLogLevel>(level, ignoreCase: true, out var known) && Enum.IsDefined(known)
            ? known
            : throw ApiException.Invalid($"level is one of {string.Join(", ", Enum.GetNames<RunLogLevel>())}."),
    };

    private static async Task<IReadOnlyList<RunSample>> SamplesAsync(
        Guid id, RunService runs, CancellationToken cancellationToken, DateTimeOffset? since = null)
    {
        await FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return await runs.ReadSamplesAsync(id, since ?? DateTimeOffset.UnixEpoch, cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What to start.</summary>
/// <param name="Plan">Plan id.</param>
internal sealed record StartRequest(Guid Plan);

/// <summary>How to roll back.</summary>
/// <param name="DeleteTarget">Delete the target's disks, too.</param>
internal sealed record RollBackRequest(bool DeleteTarget);

/// <summary>An answer to a run's question.</summary>
/// <param name="Question">Question id, as the run shows it.</param>
/// <param name="Value">One of its option values.</param>
internal sealed record AnswerRequest(string Question, string Value);

/// <summary>Part of a run's log.</summary>
/// <param name="Next">Give this as <c>after</c> to go on.</param>
/// <param name="State">Where the run stood at that moment.</param>
/// <param name="Lines">The lines.</param>
internal sealed record LogPage(long Next, RunState State, IReadOnlyList<RunLogLine> Lines);
