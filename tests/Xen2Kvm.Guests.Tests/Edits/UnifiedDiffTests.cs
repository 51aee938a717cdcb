using System.Diagnostics;
using Xen2Kvm.Guests.Edits;

namespace Xen2Kvm.Guests.Tests.Edits;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void Equal_texts_have_no_diff() => UnifiedDiff.Create("/a", "x\n", "x\n").ShouldBe("");

    [Fact]
    public void Shows_a_new_file() => UnifiedDiff.Create("/etc/a", null, "x\ny\n").ShouldBe("--- /dev/null\n+++ b/etc/a\n@@ -0,0 +1,2 @@\n+x\n+y\n");

    [Fact]
    public void Shows_a_changed_line_with_three_lines_around_it() =>
        UnifiedDiff.Create("/etc/a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n")
            .ShouldBe("--- a/etc/a\n+++ b/etc/a\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");

    [Fact]
    public void Says_when_a_last_line_has_no_end() =>
        UnifiedDiff.Create("/a", "x", "x\n").ShouldBe("--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n");

    [Fact]
    public void The_patch_program_makes_the_new_text_out_of_the_old()
    {
        if (!File.Exists("/usr/bin/patch"))
        {
            Assert.Skip("patch is not installed");
        }

        var random = new Random(3);
        var directory = Directory.CreateTempSubdirectory("x2k-diff");
        try
        {
            for (var round = 0; round < 40; round++)
            {
                var old = Enumerable.Range(0, random.Next(40)).Select(_ => $"line {random.Next(12)}").ToList();
                var changed = old.Where(_ => random.Next(5) > 0).SelectMany(line => random.Next(6) == 0 ? new[] { line, "new " + random.Next(9) } : [line]).ToList();
                var (before, after) = (string.Concat(old.Select(line => line + "\n")), string.Concat(changed.Select(line => line + "\n")));
                var file = Path.Combine(directory.FullName, "a");
                File.WriteAllText(file, before);
                File.WriteAllText(file + ".diff", UnifiedDiff.Create("/a", before, after));
                using var patch = Process.Start(new ProcessStartInfo("patch", ["-s", "-o", file + ".out", file, file + ".diff"]))!;
                patch.WaitForExit();
                if (before != after)
                {
                    patch.ExitCode.ShouldBe(0);
                    (File.Exists(file + ".out") ? File.ReadAllText(file + ".out") : "").ShouldBe(after, $"round {round}");
                }
            }
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
