using Xen2Kvm.Transfer.Journal;
using Xen2Kvm.Transfer.Protocol;

namespace Xen2Kvm.Transfer.Tests;

public sealed class JournalFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("x2k-journal").FullName;

    private string Path => System.IO.Path.Combine(_directory, "journal");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Records_come_back_in_order()
    {
        JournalRecord[] records = Write(10_000);
        Replay().ShouldBe(records);
    }

    [Fact]
    public void A_missing_journal_has_no_records() => Replay().ShouldBeEmpty();

    [Fact]
    public void A_torn_last_record_is_dropped_at_every_length()
    {
        JournalRecord[] records = Write(3);
        byte[] whole = File.ReadAllBytes(Path);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            Replay().ShouldBe(records[..(length / JournalRecord.Bytes)]);
        }
    }

    [Fact]
    public void After_a_torn_write_new_records_follow_the_last_whole_one()
    {
        JournalRecord[] records = Write(3);
        File.WriteAllBytes(Path, File.ReadAllBytes(Path)[..^5]);
        using (var journal = JournalFile.Open(Path))
            journal.Append([Record(77)]);
        Replay().ShouldBe([.. records[..2], Record(77)]);
    }

    [Fact]
    public void A_flipped_bit_ends_the_journal_before_it()
    {
        JournalRecord[] records = Write(5);
        byte[] bytes = File.ReadAllBytes(Path);
        for (int bit = 0; bit < JournalRecord.Bytes * 8; bit++)
        {
            byte[] broken = [.. bytes];
            broken[(2 * JournalRecord.Bytes) + (bit / 8)] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(Path, broken);
            Replay().ShouldBe(records[..2], $"bit {bit}");
        }
    }

    [Fact]
    public void Zeroes_left_by_a_crashed_file_system_are_no_records()
    {
        JournalRecord[] records = Write(2);
        File.WriteAllBytes(Path, [.. File.ReadAllBytes(Path), .. new byte[500]]);
        Replay().ShouldBe(records);
    }

    private static JournalRecord Record(int n) => new(n % 3, (uint)(n % 2), new RegionNote(n, n * 7 % 4096, n % 5 == 0, new UInt128((ulong)n, ~(ulong)n)));

    private JournalRecord[] Write(int count)
    {
        JournalRecord[] records = [.. Enumerable.Range(0, count).Select(Record)];
        using var journal = JournalFile.Open(Path);
        journal.Append(records.AsSpan(0, count / 2));
        journal.Append(records.AsSpan(count / 2));
        journal.Flush();
        return records;
    }

    private JournalRecord[] Replay()
    {
        var records = new List<JournalRecord>();
        JournalFile.Replay(Path, records.Add);
        return [.. records];
    }
}
