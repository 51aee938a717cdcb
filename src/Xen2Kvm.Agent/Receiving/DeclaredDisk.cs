using Xen2Kvm.Agent.Blocks;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>A disk of the job at the receiver: the only way to its target, which keeps every access inside the declared range.</summary>
internal sealed unsafe class DeclaredDisk(int index, HelloDisk declared, IBlockTarget target)
{
    public int Index { get; } = index;

    public string Id => declared.Id;

    public long Length => declared.Length;

    public int Regions { get; } = DiskLayout.RegionCount(declared.Length);

    /// <summary>The range is known to read as zero, so zero runs of a first copy need no write.</summary>
    public bool SkipsZeroes { get; } = declared.Target.Zeroes == "skip";

    public int RegionLength(int region) => DiskLayout.RegionLength(Length, region);

    public long RegionOffset(int region) => DiskLayout.RegionOffset(Length, region);

    public void Read(long offset, byte* into, int length) => target.Read(Checked(offset, length), into, length);

    public void Write(long offset, byte* from, int length) => target.Write(Checked(offset, length), from, length);

    public void Zero(long offset, long length) => target.Zero(Checked(offset, length), length);

    public bool IsHole(long offset, int length) => target.IsHole(Checked(offset, length), length);

    public void Flush() => target.Flush();

    private long Checked(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > declared.Length - length)
            throw new ProtocolException($"disk {Id}: bytes {offset}+{length} are outside its {declared.Length} bytes");
        return declared.Target.Offset + offset;
    }
}
