using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Guests.Boot;
using Xen2Kvm.Guests.Partitioning;

namespace Xen2Kvm.Guests.Tests.Partitioning;

public sealed class PartitionTableTests
{
    [Theory]
    [InlineData(PartitionTableKind.Msdos)]
    [InlineData(PartitionTableKind.Gpt)]
    public void Sfdisk_reads_back_what_was_planned(PartitionTableKind kind)
    {
        var disk = Support.Guests.Files(table: kind).Target.Disks[0];
        WithDisk(disk, (file, table) =>
        {
            Run("sfdisk", "--verify", file).ShouldContain("No errors detected");
            table.GetProperty("label").GetString().ShouldBe(kind == PartitionTableKind.Gpt ? "gpt" : "dos");
            var found = table.GetProperty("partitions").EnumerateArray().ToDictionary(part => part.GetProperty("node").GetString()![file.Length..], part => part);
            foreach (var part in disk.Parts)
            {
                var read = found[part.PartitionNumber.ToString(System.Globalization.CultureInfo.InvariantCulture)];
                read.GetProperty("start").GetInt64().ShouldBe(part.OffsetBytes / 512);
                read.GetProperty("size").GetInt64().ShouldBe(part.LengthBytes / 512);
            }

            if (kind == PartitionTableKind.Gpt)
            {
                found["4"].GetProperty("type").GetString().ShouldBe("21686148-6449-6E6F-744E-656564454649", "the BIOS boot partition takes the first number left");
                found["4"].GetProperty("start").GetInt64().ShouldBe(2048);
            }
            else
            {
                found["1"].GetProperty("bootable").GetBoolean().ShouldBeTrue();
                found["3"].GetProperty("type").GetString().ShouldBe("82");
            }
        });
    }

    [Fact]
    public void Gaps_in_the_numbers_stay()
    {
        var disk = Support.Guests.Files().Target.Disks[0];
        disk = disk with { Parts = [disk.Parts[0] with { PartitionNumber = 2 }, disk.Parts[1] with { PartitionNumber = 4 }] };
        WithDisk(disk, (file, table) => table.GetProperty("partitions").EnumerateArray().Select(part => part.GetProperty("node").GetString()).ShouldBe([file + "2", file + "4"]));
    }

    [Fact]
    public void The_same_guest_gives_the_same_bytes_and_another_one_others()
    {
        var disk = Support.Guests.Files(table: PartitionTableKind.Gpt).Target.Disks[0];
        byte[] Bytes(Guid seed) => [.. PartitionTable.Build(disk, seed).SelectMany(piece => piece.Bytes.ToArray())];
        Bytes(Support.Guests.TargetUuid).ShouldBe(Bytes(Support.Guests.TargetUuid));
        Bytes(Support.Guests.TargetUuid).ShouldNotBe(Bytes(Guid.Empty));
    }

    [Fact]
    public void The_boot_code_is_no_part_of_a_table()
    {
        foreach (var kind in new[] { PartitionTableKind.Msdos, PartitionTableKind.Gpt })
        {
            PartitionTable.Build(Support.Guests.Files(table: kind).Target.Disks[0], Support.Guests.TargetUuid).Min(piece => piece.Offset).ShouldBe(440);
        }
    }

    [Fact]
    public void A_copied_table_is_left_alone() => PartitionTable.Build(Support.Guests.Whole(10).Target.Disks[0], Guid.Empty).ShouldBeEmpty();

    [Fact]
    public void Plans_that_make_no_table_are_refused_with_the_reason()
    {
        var disk = Support.Guests.Files().Target.Disks[0];
        string Why(TargetDisk plan) => Should.Throw<ArgumentException>(() => PartitionTable.Build(plan, Guid.Empty)).Message;
        Why(disk with { Parts = [disk.Parts[0] with { PartitionNumber = 5 }] }).ShouldContain("plan a GPT");
        Why(disk with { Parts = [disk.Parts[0], disk.Parts[1] with { PartitionNumber = 1 }] }).ShouldContain("twice");
        Why(disk with { Parts = [disk.Parts[0], disk.Parts[1] with { OffsetBytes = 2 << 20 }] }).ShouldContain("begins at");
        Why(disk with { Parts = [disk.Parts[0] with { OffsetBytes = 512 }] }).ShouldContain("boot loader");
        Why(disk with { SizeBytes = 10 << 20 }).ShouldContain("room until");
        Why(disk with { SizeBytes = 5L << 40, Parts = [disk.Parts[0] with { LengthBytes = 3L << 40 }] }).ShouldContain("2 TiB");
        Why(disk with { Table = PartitionTableKind.Gpt }).ShouldContain("begins at");
    }

    [Fact]
    public void The_place_for_a_loader_is_found_in_copied_tables_too()
    {
        EmbeddingArea Of(TargetDisk plan)
        {
            var head = new byte[34 * 512];
            foreach (var piece in PartitionTable.Build(plan, Guid.Empty).Where(piece => piece.Offset < head.Length))
            {
                piece.Bytes.CopyTo(head.AsMemory((int)piece.Offset));
            }

            return EmbeddingArea.Of(Support.Guests.Whole(10).Target.Disks[0], head);
        }

        Of(Support.Guests.Files().Target.Disks[0]).ShouldBe(new(1, 2047));
        Of(Support.Guests.Files(table: PartitionTableKind.Gpt).Target.Disks[0]).ShouldBe(new(2048, 2048));
        EmbeddingArea.Of(Support.Guests.Whole(10).Target.Disks[0], new byte[34 * 512]).Sectors.ShouldBe(0);
        EmbeddingArea.Of(Support.Guests.Whole(10).Target.Disks[0], []).Sectors.ShouldBe(0);
    }

    [Fact]
    public void Grub_images_point_to_where_they_are()
    {
        var (boot, core) = Images(3);
        foreach (var start in new[] { 1L, 2048L })
        {
            var pieces = GrubImage.Place(boot, core, new(start, 100));
            pieces.Select(piece => (piece.Offset, piece.Bytes.Length)).ShouldBe([(start * 512, 1536), (0, 440)]);
            BinaryPrimitives.ReadInt64LittleEndian(pieces[1].Bytes.Span[0x5C..]).ShouldBe(start);
            BinaryPrimitives.ReadInt64LittleEndian(pieces[0].Bytes.Span[0x1F4..]).ShouldBe(start + 1);
        }
    }

    [Fact]
    public void Grub_images_that_are_none_or_do_not_fit_are_refused()
    {
        var (boot, core) = Images(3);
        Should.Throw<ArgumentException>(() => GrubImage.Place(boot, core, new(1, 2))).Message.ShouldContain("free before");
        Should.Throw<ArgumentException>(() => GrubImage.Place(new byte[512], core, new(1, 100)));
        Should.Throw<ArgumentException>(() => GrubImage.Place(boot, new byte[2048], new(1, 100)));
    }

    private static (byte[] Boot, byte[] Core) Images(int sectors)
    {
        var boot = new byte[512];
        (boot[510], boot[511]) = (0x55, 0xAA);
        var core = new byte[(sectors * 512) - 100];
        BinaryPrimitives.WriteInt64LittleEndian(core.AsSpan(0x1F4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(0x1FC), (ushort)(sectors - 1));
        return (boot, core);
    }

    private static void WithDisk(TargetDisk disk, Action<string, JsonElement> check)
    {
        var file = Path.Combine(Path.GetTempPath(), $"x2k-table-{Guid.NewGuid():N}.img");
        try
        {
            using (var stream = File.Create(file))
            {
                stream.SetLength(disk.SizeBytes);
                foreach (var piece in PartitionTable.Build(disk, Support.Guests.TargetUuid, bootPartition: 1))
                {
                    stream.Position = piece.Offset;
                    stream.Write(piece.Bytes.Span);
                }
            }

            using var json = JsonDocument.Parse(Run("sfdisk", "--json", file));
            check(file, json.RootElement.GetProperty("partitiontable"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, text);
        return text;
    }
}
