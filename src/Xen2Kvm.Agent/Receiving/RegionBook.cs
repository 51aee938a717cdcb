using Xen2Kvm.Agent.Hashing;
using Xen2Kvm.Agent.Native;
using Xen2Kvm.Transfer;
using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Agent.Receiving;

/// <summary>What the journals of all slots say together. Held in plain arrays, as a large disk has millions of regions.</summary>
internal sealed class RegionBook
{
    private const int RecordsAtOnce = 1024;
    private readonly Pages[] _disks;

    private RegionBook(IReadOnlyList<HelloDisk> disks) => _disks = [.. disks.Select(d => new Pages(DiskLayout.RegionCount(d.Length)))];

    /// <summary>Reads some journals. Records of another round, or of disks and regions that the job has not, are ignored.</summary>
    public static RegionBook Read(IReadOnlyList<string> journals, IReadOnlyList<HelloDisk> disks, uint round)
    {
        var all = new RegionBook(disks);
        foreach (string path in journals)
        {
            // Within one file the last record of a region counts; there is no order between files.
            int index = 0;
            JournalFile.Replay(path, record =>
            {
                index++;
                if (all.Find(record, round) is { } disk)
                    disk.LastRecord[record.Note.Region] = index;
            });
            index = 0;
            JournalFile.Replay(path, record =>
            {
                index++;
                if (all.Find(record, round) is { } disk && disk.LastRecord[record.Note.Region] == index)
                    disk.Merge(record.Note);
            });
            foreach (Pages disk in all._disks)
                disk.EndOfJournal();
        }
        return all;
    }

    /// <summary>The known regions of a disk, in order.</summary>
    public IEnumerable<RegionNote> Notes(int disk) => _disks[disk].Notes();

    /// <summary>The root hash of what was read back of a disk, or null when not every region was verified.</summary>
    public UInt128? Root(int disk, HashTree hashes) =>
        _disks[disk].Notes().Count(n => n.Verified) == _disks[disk].Count ? hashes.Root(_disks[disk].Notes().Select(n => n.Hash)) : null;

    /// <summary>Writes all into one new journal, durably and in one step, optionally without what was verified.</summary>
    public void WriteTo(string path, uint round, bool forgetVerified)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        using (var journal = JournalFile.Open(temporary))
        {
            for (int disk = 0; disk < _disks.Length; disk++)
                foreach (RegionNote[] notes in Notes(disk).Chunk(RecordsAtOnce))
                    journal.Append([.. notes.Select(n => new JournalRecord(disk, round, forgetVerified ? n with { Verified = false } : n))]);
            journal.Flush();
        }
        File.Move(temporary, path, overwrite: true);
        int directory = Libc.open(Path.GetDirectoryName(path)!, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
        _ = Libc.fdatasync(directory);
        _ = Libc.close(directory);
    }

    private Pages? Find(in JournalRecord record, uint round) =>
        record.Round == round && record.Disk < _disks.Length && record.Note.Region < _disks[record.Disk].Count ? _disks[record.Disk] : null;

    /// <summary>The regions of one disk. What no journal speaks of takes no memory.</summary>
    private sealed class Pages(int count)
    {
        private const uint Known = 1u << 31, Verified = 1u << 30, Disputed = 1u << 29, ZeroBytes = Disputed - 1;
        private uint[] _facts = [];
        private UInt128[] _hashes = [];
        private int[] _lastRecord = [];

        public int Count => count;

        /// <summary>The number of a region's last record in the journal that is being read, from 1.</summary>
        public int[] LastRecord => _lastRecord.Length == 0 ? _lastRecord = new int[count] : _lastRecord;

        public void EndOfJournal() => _lastRecord = [];

        public IEnumerable<RegionNote> Notes()
        {
            for (int region = 0; region < _facts.Length; region++)
            {
                uint facts = _facts[region];
                if ((facts & Known) != 0)
                    yield return new RegionNote(region, (int)(facts & ZeroBytes), (facts & Verified) != 0, _hashes[region]);
            }
        }

        public void Merge(RegionNote note)
        {
            if (_facts.Length == 0)
                (_facts, _hashes) = (new uint[count], new UInt128[count]);
            ref uint facts = ref _facts[note.Region];
            if ((facts & Disputed) != 0)
                return;
            uint verified = note.Verified ? Verified : 0;
            if ((facts & Known) == 0)
                (facts, _hashes[note.Region]) = (Known | verified | (uint)note.ZeroBytes, note.Hash);
            else if (_hashes[note.Region] == note.Hash)
                facts |= verified;
            else
                // Two contents and no order: neither is known to be on the target. It is copied again.
                facts = Disputed;
        }
    }
}
