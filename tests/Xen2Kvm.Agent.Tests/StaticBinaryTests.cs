using System.Diagnostics;
using Xen2Kvm.Agent.Tests.Support;

namespace Xen2Kvm.Agent.Tests;

public sealed class StaticBinaryTests(AgentBinary agent)
{
    [Fact]
    public void It_needs_no_library_of_the_host()
    {
        byte[] elf = File.ReadAllBytes(agent.Path);
        // No PT_INTERP among the program headers: nothing is loaded at start.
        int headers = (int)BitConverter.ToInt64(elf, 32), size = BitConverter.ToInt16(elf, 54), count = BitConverter.ToInt16(elf, 56);
        Enumerable.Range(0, count).Select(i => BitConverter.ToInt32(elf, headers + (i * size))).ShouldNotContain(3);
    }

    [Fact]
    public void It_runs_in_an_empty_root()
    {
        Assert.SkipUnless(Environment.UserName == "root", "chroot needs root");
        string root = Directory.CreateTempSubdirectory("x2k-root").FullName;
        try
        {
            // By another program: a child that another test starts meanwhile would inherit this one's open file, and exec refuses a file open for writing.
            using (Process copy = Process.Start("cp", [agent.Path, root]))
                copy.WaitForExit();
            using Process process = Process.Start(new ProcessStartInfo("chroot", [root, "/x2k-agent", "hash", "/x2k-agent"]) { RedirectStandardOutput = true })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            process.ExitCode.ShouldBe(0);
            output.ShouldContain("rootHash");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
