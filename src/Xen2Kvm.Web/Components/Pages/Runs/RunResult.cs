using System.Text.Json;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>What was read again on the target and compared.</summary>
/// <param name="Disk">Vdev of a disk, or <c>kernel</c> or <c>initrd</c> for a file of dom0 that went along.</param>
/// <param name="Bytes">Bytes compared.</param>
/// <param name="RootHash">Hash over all of it.</param>
/// <param name="RepairedBytes">Bytes copied again because they differed at first.</param>
public sealed record VerifiedDisk(string Disk, long Bytes, string RootHash, long RepairedBytes);

/// <summary>What a run brought, read from the recorded outputs of its steps. A route that records other things shows fewer lines.</summary>
public sealed record RunResult
{
    /// <summary>A login prompt was seen on the serial console; null when not looked for.</summary>
    public bool? LoginPrompt { get; init; }

    /// <summary>The host name in that prompt.</summary>
    public string? Hostname { get; init; }

    /// <summary>It answered a ping; null when not asked.</summary>
    public bool? Ping { get; init; }

    /// <summary>It accepted a connection; null when not asked.</summary>
    public bool? Tcp { get; init; }

    /// <summary>Size of all disks in bytes.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Of these, not zero.</summary>
    public long? DataBytes { get; init; }

    /// <summary>Bytes on the network.</summary>
    public long? SentBytes { get; init; }

    /// <summary>Disks and files proven equal on both sides.</summary>
    public IReadOnlyList<VerifiedDisk> Verified { get; init; } = [];

    /// <summary>The same in words: <c>1 disk, kernel and initrd</c>.</summary>
    public string VerifiedWords
    {
        get
        {
            var files = Verified.Select(disk => disk.Disk).Where(name => name is "kernel" or "initrd").ToList();
            var disks = Formats.Count(Verified.Count - files.Count, "disk");
            return files.Count == 0 ? disks : $"{disks}, {string.Join(" and ", files)}";
        }
    }

    /// <summary>Reads the outputs of a run's steps.</summary>
    public static RunResult Of(Run run)
    {
        var (prove, copy, verify) = (Output(run, "prove"), Output(run, "copy"), Output(run, "verify"));
        return new RunResult
        {
            LoginPrompt = Flag(prove, "loginPrompt"),
            Hostname = prove is { } proof && proof.TryGetProperty("hostname", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null,
            Ping = Flag(prove, "ping"),
            Tcp = Flag(prove, "tcp"),
            TotalBytes = Number(copy, "totalBytes"),
            DataBytes = Number(copy, "dataBytes"),
            SentBytes = Number(copy, "sentBytes"),
            Verified = verify is { } verified && verified.TryGetProperty("disks", out var disks) && disks.ValueKind == JsonValueKind.Array
                ? [.. disks.EnumerateArray().Select(disk => new VerifiedDisk(
                    disk.TryGetProperty("disk", out var id) ? id.GetString() ?? "" : "", Number(disk, "bytes") ?? 0,
                    disk.TryGetProperty("rootHash", out var hash) ? hash.GetString() ?? "" : "", Number(disk, "repairedBytes") ?? 0))]
                : [],
        };
    }

    private static JsonElement? Output(Run run, string step)
    {
        if (run.Steps.FirstOrDefault(known => known.Id == step)?.Output is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            // Another program version wrote it; the page shows what it can.
            return null;
        }
    }

    private static bool? Flag(JsonElement? element, string name) =>
        element is { } found && found.TryGetProperty(name, out var value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False) ? value.GetBoolean() : null;

    private static long? Number(JsonElement? element, string name) =>
        element is { } found && found.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
