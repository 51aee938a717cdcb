using System.Text.Json;
using Xen2Kvm.Agent.Jobs;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Flow;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Sending;

/// <summary>Keeps a job's rate to its own limit and to the timetable in its directory, which may be replaced at any time.</summary>
internal sealed class LiveLimit(JobDirectory directory, long own, TokenBucket rate, TimeProvider time)
{
    private (DateTime Written, long Length) _seen;
    private RateTimetable? _timetable;

    /// <summary>The limit in force, 0 = none.</summary>
    public long BytesPerSecond { get; private set; }

    /// <summary>Until when it is in force, Unix milliseconds; 0 for good.</summary>
    public long Until { get; private set; }

    /// <summary>Looks at the clock, and at the file when it was replaced.</summary>
    public void Apply()
    {
        Read();
        long before = BytesPerSecond;
        (BytesPerSecond, Until) = _timetable?.At(time.GetUtcNow().ToUnixTimeMilliseconds(), own) ?? (own, 0);
        rate.BytesPerSecond = BytesPerSecond;
        if (BytesPerSecond != before)
            JobLog.Info(BytesPerSecond == 0 ? "no rate limit any more" : $"limited to {BytesPerSecond} bytes per second");
    }

    private void Read()
    {
        var file = new FileInfo(directory.TimetableFile);
        if (!file.Exists || _seen == (file.LastWriteTimeUtc, file.Length))
            return;
        _seen = (file.LastWriteTimeUtc, file.Length);
        try
        {
            _timetable = JobDirectory.ReadTimetable(File.ReadAllBytes(file.FullName));
        }
        catch (Exception e) when (e is JsonException or TransferException or IOException)
        {
            JobLog.Warning($"{file.FullName} is left out, the limit stays as it was: {e.Message}");
        }
    }
}
