using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Persistence.Rows;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>Between a run and its row.</summary>
internal static class RunMapping
{
    /// <summary>The row of a new run.</summary>
    public static RunRow ToRow(Run run, Guid sourceHostId)
    {
        var row = new RunRow
        {
            Id = run.Id,
            PlanId = run.PlanId,
            WaveId = run.WaveId,
            SourceHostId = sourceHostId,
            GuestName = StoreText.Clean(run.GuestName),
            SourceHost = StoreText.Clean(run.SourceHost),
            TargetHost = StoreText.Clean(run.TargetHost),
            StartedBy = StoreText.Clean(run.StartedBy),
            CreatedAt = run.CreatedAt,
        };
        WriteProgress(row, run);
        WriteWish(row, run);
        return row;
    }

    /// <summary>Writes what a worker decides: state, steps, question, times and error.</summary>
    public static void WriteProgress(RunRow row, Run run)
    {
        row.State = run.State;
        row.Steps = StoreJson.Write(run.Steps);
        row.Question = run.Question is null ? null : StoreJson.Write(run.Question);
        row.StartedAt = run.StartedAt;
        row.FinishedAt = run.FinishedAt;
        row.DownSince = run.DownSince;
        row.UpAgainAt = run.UpAgainAt;
        row.Error = StoreText.CleanOrNull(run.Error);
    }

    /// <summary>Writes what people decide: intent, consent and answers.</summary>
    public static void WriteWish(RunRow row, Run run)
    {
        row.Intent = run.Intent;
        row.IntentBy = StoreText.CleanOrNull(run.IntentBy);
        row.DeleteTargetOnRollBack = run.DeleteTargetOnRollBack;
        row.Answers = StoreJson.Write(run.Answers);
    }

    /// <summary>The run of a row.</summary>
    public static Run ToRun(RunRow row) => new()
    {
        Id = row.Id,
        PlanId = row.PlanId,
        WaveId = row.WaveId,
        GuestName = row.GuestName,
        SourceHost = row.SourceHost,
        TargetHost = row.TargetHost,
        State = row.State,
        Intent = row.Intent,
        DeleteTargetOnRollBack = row.DeleteTargetOnRollBack,
        IntentBy = row.IntentBy,
        Steps = StoreJson.Read<IReadOnlyList<RunStep>>(row.Steps),
        StartedBy = row.StartedBy,
        CreatedAt = row.CreatedAt,
        StartedAt = row.StartedAt,
        FinishedAt = row.FinishedAt,
        DownSince = row.DownSince,
        UpAgainAt = row.UpAgainAt,
        Question = row.Question is null ? null : StoreJson.Read<RunQuestion>(row.Question),
        Answers = StoreJson.Read<Dictionary<string, string>>(row.Answers),
        Error = row.Error,
    };
}
