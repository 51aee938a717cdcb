using System.Text.Json;
using Xen2Kvm.Agent.Tests.Support;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;
using static Xen2Kvm.Agent.Tests.Support.TestData;

namespace Xen2Kvm.Agent.Tests;

/// <summary>The live limit of a job, by the real agent. How well a rate is kept is measured by tests/bench, not tested by a clock.</summary>
public sealed class LimitTests(AgentBinary agent) : IDisposable
{
    private readonly JobBench _bench = new(agent);

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    private string TimetableFile => Path.Combine(_bench.JobDirectory, "limit.json");

    // Without its limit a copy ends at once; with it a cancel would wait for its safe point.
    public void Dispose()
    {
        Tell("""{"now":1,"entries":[{"from":1,"bytesPerSecond":0}]}""");
        _bench.Dispose();
    }

    // At 100 kB/s its 64 MiB take eleven minutes: what ends it within a test is another limit.
    private TransferJob Job(long own = 0) => _bench.Job(
        JobBench.Disk("xvda", Random(_bench.File("source"), 64 * MiB), Empty(_bench.File("target"), 64 * MiB))) with
    { RateLimitBytesPerSecond = own };

    private LimitAnswer Limit(params RateEntry[] entries) => Limit(Now, entries);

    private LimitAnswer Limit(long now, params RateEntry[] entries)
    {
        (int code, string output, string error) = Tell(JsonSerializer.Serialize(new RateTimetable { Now = now, Entries = entries }, TransferJson.Default.RateTimetable));
        code.ShouldBe(0, error);
        return JsonSerializer.Deserialize(output, TransferJson.Default.LimitAnswer)!;
    }

    private (int Code, string Output, string Error) Tell(string input) => _bench.AgentWithInput(input, "limit", _bench.JobDirectory);

    [Fact]
    public void A_limit_is_taken_up_while_the_copy_works_reported_and_lifted_again()
    {
        _bench.Write(Job(own: 100_000));
        _bench.Start();
        _bench.WaitFor("its own limit", s => s is { State: "running", RateLimitBytesPerSecond: 100_000, RateLimitUntil: 0 });
        Limit(new RateEntry(0, 50_000)).ShouldBe(new LimitAnswer(50_000, 0));
        _bench.WaitFor("the narrower one", s => s.RateLimitBytesPerSecond == 50_000);
        long later = Now + 3_600_000;
        Limit(new RateEntry(0, 200_000), new RateEntry(later, 30_000)).ShouldBe(new LimitAnswer(100_000, later), "the job's own limit is the narrower one until then");
        _bench.WaitFor("its own limit until the next", s => s.RateLimitBytesPerSecond == 100_000 && s.RateLimitUntil == later);
    }

    [Fact]
    public void A_copy_that_waits_for_its_turn_goes_on_as_soon_as_the_limit_is_wide()
    {
        _bench.Write(Job());
        Limit(new RateEntry(0, 1000)).ShouldBe(new LimitAnswer(1000, 0));
        _bench.Start();
        _bench.WaitFor("a copy that has begun under its limit", s => s is { RateLimitBytesPerSecond: 1000, Disks: [{ ReadBytes: >= 0 }], Connections: 2 });
        Limit(new RateEntry(0, 0));
        TransferStatus done = _bench.WaitForEnd();
        done.State.ShouldBe("done");
        done.RateLimitBytesPerSecond.ShouldBe(0);
        SameBytes(_bench.File("source"), 0, _bench.File("target"), 0, 64 * MiB).ShouldBeTrue();
    }

    [Fact]
    public void The_clock_is_obeyed_without_anybody_who_tells()
    {
        _bench.Write(Job());
        long soon = Now + 2000;
        Limit(new RateEntry(0, 100_000), new RateEntry(soon, 60_000), new RateEntry(soon + 3_600_000, 0)).ShouldBe(new LimitAnswer(100_000, soon));
        _bench.Start();
        _bench.WaitFor("the next entry", s => s.RateLimitBytesPerSecond == 60_000 && s.RateLimitUntil == soon + 3_600_000);
    }

    [Fact]
    public void A_runner_that_is_killed_and_started_again_keeps_to_the_timetable()
    {
        _bench.Write(Job());
        Limit(new RateEntry(0, 100_000));
        int pid = _bench.Start().Pid;
        _bench.WaitFor("the limit", s => s is { RateLimitBytesPerSecond: 100_000, Pid: > 0 });
        JobBench.Kill(pid);
        _bench.WaitFor("the end of the runner", s => s.State == "interrupted");
        Limit(new RateEntry(0, 70_000));
        _bench.Start().Started.ShouldBeTrue();
        _bench.WaitFor("the limit that was told meanwhile", s => s is { State: "running", RateLimitBytesPerSecond: 70_000, Attempt: 2 });
    }

    [Fact]
    public void A_host_whose_clock_is_off_obeys_at_the_right_moment()
    {
        _bench.Write(Job());
        long theirs = Now + 86_400_000;
        LimitAnswer answer = Limit(theirs, new RateEntry(theirs - 1000, 100_000), new RateEntry(theirs + 3_600_000, 50_000));
        answer.BytesPerSecond.ShouldBe(100_000);
        (answer.Until - Now).ShouldBeInRange(3_500_000, 3_600_000, "an hour from now by this host's clock");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"now":1,"entries":[]}""")]
    [InlineData("""{"now":1,"entries":[{"from":2,"bytesPerSecond":-5}]}""")]
    [InlineData("""{"now":1,"entries":[{"from":2,"bytesPerSecond":5},{"from":2,"bytesPerSecond":6}]}""")]
    public void Garbage_is_refused_and_the_limit_stays(string garbage)
    {
        _bench.Write(Job());
        Limit(new RateEntry(0, 100_000));
        string before = File.ReadAllText(TimetableFile);
        (int code, string output, string error) = Tell(garbage);
        code.ShouldBe(1);
        output.ShouldBeEmpty();
        error.ShouldContain("timetable");
        File.ReadAllText(TimetableFile).ShouldBe(before);
        Directory.GetFiles(_bench.JobDirectory, "*.new").ShouldBeEmpty();
    }

    [Fact]
    public void A_file_that_was_spoilt_changes_nothing_and_is_told_in_the_log()
    {
        _bench.Write(Job());
        Limit(new RateEntry(0, 100_000));
        _bench.Start();
        _bench.WaitFor("the limit", s => s.RateLimitBytesPerSecond == 100_000);
        File.WriteAllText(TimetableFile, "not a timetable");
        JobBench.WaitUntil(() => _bench.Log().Contains("is left out, the limit stays", StringComparison.Ordinal), () => "the warning");
        _bench.Status().RateLimitBytesPerSecond.ShouldBe(100_000);
        Limit(new RateEntry(0, 80_000));
        _bench.WaitFor("the next good one", s => s.RateLimitBytesPerSecond == 80_000);
    }

    [Fact]
    public void A_job_that_is_gone_is_not_made_anew_by_a_late_limit()
    {
        string gone = _bench.File("gone");
        (int code, _, string error) = _bench.AgentWithInput("""{"now":1,"entries":[{"from":2,"bytesPerSecond":5}]}""", "limit", gone);
        code.ShouldBe(1);
        error.ShouldContain("job.json");
        Directory.Exists(gone).ShouldBeFalse();
    }

    [Fact]
    public void Two_who_tell_at_the_same_time_leave_one_whole_timetable()
    {
        _bench.Write(Job());
        Parallel.For(1, 13, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => Limit([.. Enumerable.Range(0, 200).Select(n => new RateEntry(Now + (n * 60_000L), i * 1000))]));
        RateTimetable kept = JsonSerializer.Deserialize(File.ReadAllText(TimetableFile), TransferJson.Default.RateTimetable)!;
        kept.Entries.Count.ShouldBe(200);
        kept.Entries.Select(e => e.BytesPerSecond).Distinct().Count().ShouldBe(1);
        Directory.GetFiles(_bench.JobDirectory, "*.new").ShouldBeEmpty();
        (File.GetUnixFileMode(TimetableFile) & (UnixFileMode.OtherRead | UnixFileMode.GroupRead)).ShouldBe(UnixFileMode.None);
    }
}
