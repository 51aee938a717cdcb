using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Tests.Edits;

/// <summary>
/// Files of real distributions, before and after. Golden/DISTRIBUTION/PATH is the old file, the same with .expected the new one; no .expected
/// means that the file must stay. X2K_GOLDEN_WRITE=directory writes what the code makes now there, to be read and then kept.
/// </summary>
public sealed class GoldenFileTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Golden");

    public static TheoryData<string> Files() =>
        new(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".expected", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public void Becomes_what_a_person_would_write_and_stays_so(string file)
    {
        var before = File.ReadAllText(Path.Combine(Root, file));
        var path = file[file.IndexOf('/', StringComparison.Ordinal)..];
        var context = Support.Guests.Context(file.Contains("xvde", StringComparison.Ordinal) || file.StartsWith("centos-6", StringComparison.Ordinal) ? "sd" : "xvd");

        var (after, reasons) = GuestFileEdits.Apply(path, before, context);
        if (Environment.GetEnvironmentVariable("X2K_GOLDEN_WRITE") is { Length: > 0 } directory)
        {
            var written = Path.Combine(directory, file + ".expected");
            if (after != before)
            {
                File.WriteAllText(written, after);
            }
        }

        var expected = Path.Combine(Root, file + ".expected");
        after.ShouldBe(File.Exists(expected) ? File.ReadAllText(expected) : before);
        reasons.Count.ShouldBe(after == before ? 0 : 1);
        GuestFileEdits.Apply(path, after, context).Text.ShouldBe(after, "a second application changes nothing");
    }
}
