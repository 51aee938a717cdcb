using System.Globalization;
using Xen2Kvm.Agent.Blocks;
using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Jobs;

namespace Xen2Kvm.Agent.Jobs;

/// <summary>size and hash: questions about one file or device.</summary>
internal static class FileCommands
{
    public static SizeAnswer[] Size(IEnumerable<string> paths) => [.. paths.Select(path =>
    {
        try
        {
            using RawFile file = RawFile.Open(path, write: false);
            return new SizeAnswer(path, file.Size, file.IsBlock ? "block" : "file", null);
        }
        catch (TransferException e)
        {
            return new SizeAnswer(path, -1, null, e.Message);
        }
    })];

    /// <summary>The root hash of a range, the same as a job's for the same bytes and seed.</summary>
    public static unsafe HashAnswer Hash(string path, long offset, long? wanted, ulong seed)
    {
        using RawFile file = RawFile.Open(path, write: false);
        long length = wanted ?? (file.Size - offset);
        if (offset < 0 || length <= 0 || offset > file.Size - length)
            throw new TransferException($"{path} holds {file.Size} bytes, not {length} at offset {offset}");
        var hashes = new HashTree(seed);
        var regions = new UInt128[DiskLayout.RegionCount(length)];
        Parallel.For(
            0, regions.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 },
            () => new RegionReader(hashes),
            (region, _, reader) =>
            {
                regions[region] = reader.Hash(offset + DiskLayout.RegionOffset(length, region), DiskLayout.RegionLength(length, region), file.IsHole, file.Read);
                return reader;
            },
            reader => reader.Dispose());
        UInt128 root = hashes.Root(regions);
        return new HashAnswer(path, offset, length, string.Create(CultureInfo.InvariantCulture, $"{(ulong)(root >> 64):x16}{(ulong)root:x16}"));
    }
}
