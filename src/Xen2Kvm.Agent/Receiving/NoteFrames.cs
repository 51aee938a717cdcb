using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>Sends any number of region notes of one disk in frames of bounded size.</summary>
internal static class NoteFrames
{
    public static void Write(FrameWriter writer, FrameType type, uint round, int disk, IEnumerable<RegionNote> notes)
    {
        foreach (RegionNote[] some in notes.Chunk(RegionNote.MaxPerFrame))
        {
            byte[] payload = new byte[some.Length * RegionNote.Bytes];
            for (int i = 0; i < some.Length; i++)
                some[i].Write(payload.AsSpan(i * RegionNote.Bytes));
            writer.Write(new FrameHeader { Type = type, Round = round, Disk = disk }, payload);
        }
    }
}
