using System.Globalization;

namespace Xen2Kvm.Transfer.Jobs;

/// <summary>The rules of a job that can be checked without touching a disk.</summary>
public static class TransferJobCheck
{
    /// <summary>All that is wrong with the job, as readable sentences; empty when it may start.</summary>
    public static IReadOnlyList<string> Problems(TransferJob job)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(job.Id))
            problems.Add("id is empty");
        if (job.Transport is not { Count: > 0 } || string.IsNullOrEmpty(job.Transport[0]))
            problems.Add("transport is empty: give the command that reaches 'x2k-agent receive STATEDIR'");
        if (job.Connections is < 1 or > TransferJob.MaxConnections)
            problems.Add($"connections is {job.Connections}: use 1 to {TransferJob.MaxConnections}");
        if (!TryParseSeed(job.HashSeed, out _))
            problems.Add("hashSeed must be 16 hex digits");
        if (!TryParseCompression(job.Compression, out _))
            problems.Add($"compression is '{job.Compression}': use auto, none or a zstd level 1 to 19");
        if (job.RateLimitBytesPerSecond < 0)
            problems.Add("rateLimitBytesPerSecond is negative");
        if (job.FlushBytes < DiskLayout.MinRegionBytes)
            problems.Add($"flushBytes must be at least {DiskLayout.MinRegionBytes}");
        if (job.ReconnectSeconds < 0)
            problems.Add("reconnectSeconds is negative");
        if (job.Round != 0)
            problems.Add($"round is {job.Round}: this agent copies whole disks only (round 0)");
        if (job.Disks is not { Count: > 0 })
            problems.Add("disks is empty");
        else
            foreach (TransferDisk disk in job.Disks)
                AddDiskProblems(disk, problems);
        if (job.Disks is { Count: > 1 } && job.Disks.DistinctBy(d => d.Id, StringComparer.Ordinal).Count() != job.Disks.Count)
            problems.Add("two disks have the same id");
        return problems;
    }

    /// <summary>Rules of the target part, which the receiver checks again since it trusts nobody.</summary>
    public static IEnumerable<string> TargetProblems(string id, long length, TransferTarget? target)
    {
        if (length is <= 0 or > DiskLayout.MaxDiskBytes)
            yield return $"disk {id}: length {length} must be 1 to {DiskLayout.MaxDiskBytes} bytes";
        if (target is null)
        {
            yield return $"disk {id}: target is missing";
            yield break;
        }
        if (target.Kind is not ("file" or "block" or "nbd" or "qcow2"))
            yield return $"disk {id}: target kind '{target.Kind}' is unknown: use file, block, qcow2 or nbd";
        if (string.IsNullOrEmpty(target.Path) || target.Path[0] != '/' || target.Path.Contains('\0'))
            yield return $"disk {id}: target path '{target.Path}' must be absolute";
        if (target.Offset < 0 || target.Offset > DiskLayout.MaxDiskBytes)
            yield return $"disk {id}: target offset {target.Offset} is out of range";
        if (target.Zeroes is not ("skip" or "write"))
            yield return $"disk {id}: zeroes is '{target.Zeroes}': use skip or write";
    }

    /// <summary>Parses a hash seed of 16 hex digits.</summary>
    public static bool TryParseSeed(string? text, out ulong seed)
    {
        seed = 0;
        return text is { Length: 16 } && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out seed);
    }

    /// <summary>Parses a compression setting: null level means adaptive, 0 none.</summary>
    public static bool TryParseCompression(string? text, out int? level)
    {
        level = text switch
        {
            "none" => 0,
            "auto" => null,
            _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) => n,
            _ => -1,
        };
        return text is "none" || level is null or (>= 1 and <= 19);
    }

    private static void AddDiskProblems(TransferDisk disk, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(disk.Id))
            problems.Add("a disk has no id");
        if (string.IsNullOrEmpty(disk.Source) || disk.Source[0] != '/' || disk.Source.Contains('\0'))
            problems.Add($"disk {disk.Id}: source '{disk.Source}' must be an absolute path");
        if (disk.SourceOffset < 0 || disk.SourceOffset > DiskLayout.MaxDiskBytes)
            problems.Add($"disk {disk.Id}: sourceOffset {disk.SourceOffset} is out of range");
        problems.AddRange(TargetProblems(disk.Id, disk.Length, disk.Target));
    }
}
