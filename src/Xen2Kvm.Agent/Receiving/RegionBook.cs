using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>What the journals of all slots say together.</summary>
internal sealed class RegionBook
{
    private readonly Dictionary<int, RegionNote>[] _disks;
    private readonly HashSet<(int Disk, int Region)> _disputed = [];

    private RegionBook(IReadOnlyList<HelloDisk> disks) => _disks = [.. disks.Select(_ => new Dictionary<int, RegionNote>())];

    /// <summary>Reads some journals. Records of another round, or of disks and regions that the job has not, are ignored.</summary>
    public static RegionBook Read(IReadOnlyList<string> journals, IReadOnlyList<HelloDisk> disks, uint round)
    {
        var all = new RegionBook(disks);
        foreach (string path in journals)
        {
            // Within one file the later record counts; there is no order between files.
            var one = new RegionBook(disks);
            JournalFile.Replay(path, record =>
            {
                if (record.Round == round && record.Disk < disks.Count && record.Note.Region < DiskLayout.RegionCount(disks[record.Disk].Length))
                    one._disks[record.Disk][record.Note.Region] = record.Note;
            });
            all.Merge(one);
        }
        return all;
    }

    public RegionNote[] Notes(int disk) => [.. _disks[disk].Values.OrderBy(n => n.Region)];

    /// <summary>The hashes read back in region order, or null when not every region was verified.</summary>
    public UInt128[]? VerifiedHashes(int disk, int regions)
    {
        RegionNote[] notes = Notes(disk);
        return notes.Length == regions && notes.All(n => n.Verified) ? [.. notes.Select(n => n.Hash)] : null;
    }

    /// <summary>Writes all into one new journal, durably and in one step, optionally without what was verified.</summary>
    public void WriteTo(string path, uint round, bool forgetVerified)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (var journal = JournalFile.Open(temporary))
        {
            for (int disk = 0; disk < _disks.Length; disk++)
                journal.Append([.. Notes(disk).Select(n => new JournalRecord(disk, round, forgetVerified ? n with { Verified = false } : n))]);
            journal.Flush();
        }
        File.Move(temporary, path, overwrite: true);
        int directory = Libc.open(Path.GetDirectoryName(path)!, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        _ = Libc.fdatasync(directory);
        _ = Libc.close(directory);
    }

    private void Merge(RegionBook other)
    {
        for (int disk = 0; disk < _disks.Length; disk++)
            foreach ((int region, RegionNote note) in other._disks[disk])
            {
                if (_disputed.Contains((disk, region)))
                    continue;
                if (!_disks[disk].TryGetValue(region, out RegionNote known))
                    _disks[disk][region] = note;
                else if (known.Hash == note.Hash)
                    _disks[disk][region] = known with { Verified = known.Verified || note.Verified };
                else
                {
                    // Two contents and no order: neither is known to be on the target. It is copied again.
                    _disputed.Add((disk, region));
                    _disks[disk].Remove(region);
                }
            }
    }
}
