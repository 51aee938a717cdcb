using System.Diagnostics;
using System.Runtime.Versioning;
using Xen2Kvm.Engine.Routes.BlockCopy;

namespace Xen2Kvm.Engine.Tests;

/// <summary>What a run does to the authorized_keys of the account on the target: by the real script, in a home of its own.</summary>
[SupportedOSPlatform("linux")]
public sealed class AuthorizedKeysTests : IDisposable
{
    private const string Theirs = "ssh-ed25519 AAAA admin@desk\n# a comment\nssh-rsa BBBB backup\n";
    private readonly string _home = Directory.CreateTempSubdirectory("x2k-home-").FullName;

    private string Keys => Path.Combine(_home, ".ssh", "authorized_keys");

    [Fact]
    public async Task Runs_that_come_and_go_at_once_lose_no_key_of_each_other_or_of_people()
    {
        Directory.CreateDirectory(Path.Combine(_home, ".ssh"));
        await File.WriteAllTextAsync(Keys, Theirs, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(Keys, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        var names = Enumerable.Range(0, 20).Select(number => $"x2k-run-{number:00}").ToList();

        (await Task.WhenAll(names.Select(name => RunAsync(name, Line(name))))).ShouldAllBe(exitCode => exitCode == 0);
        var lines = await File.ReadAllLinesAsync(Keys, TestContext.Current.CancellationToken);
        lines.Order().ShouldBe(Theirs.TrimEnd().Split('\n').Concat(names.Select(Line)).Order());

        (await Task.WhenAll(names.Select(name => RunAsync(name, "")))).ShouldAllBe(exitCode => exitCode == 0);
        (await File.ReadAllTextAsync(Keys, TestContext.Current.CancellationToken)).ShouldBe(Theirs);
        File.GetUnixFileMode(Keys).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Directory.GetFiles(Path.Combine(_home, ".ssh")).ShouldBe([Keys]);
    }

    [Fact]
    public async Task A_key_that_is_given_twice_is_there_once_and_an_account_without_a_file_gets_one()
    {
        (await RunAsync("x2k-run-1", Line("x2k-run-1")), await RunAsync("x2k-run-1", Line("x2k-run-1"))).ShouldBe((0, 0));
        (await File.ReadAllTextAsync(Keys, TestContext.Current.CancellationToken)).ShouldBe(Line("x2k-run-1") + "\n");
        File.GetUnixFileMode(Keys).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task On_a_full_disk_the_keys_of_people_stay()
    {
        Directory.CreateDirectory(Path.Combine(_home, ".ssh"));
        var theirs = string.Concat(Enumerable.Repeat(Theirs, 100));
        await File.WriteAllTextAsync(Keys, theirs, TestContext.Current.CancellationToken);

        // A limit on the size of files stands for the disk: writing stops half way.
        (await RunAsync("x2k-run-1", Line("x2k-run-1"), "ulimit -f 4; trap '' XFSZ\n")).ShouldNotBe(0);
        (await File.ReadAllTextAsync(Keys, TestContext.Current.CancellationToken)).ShouldBe(theirs);
        Directory.GetFiles(Path.Combine(_home, ".ssh")).ShouldBe([Keys]);
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private static string Line(string name) => $"command=\"x2k-agent receive\",restrict ssh-ed25519 CCCC {name}";

    private async Task<int> RunAsync(string name, string line, string before = "")
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-s", "--", name, line])
        {
            RedirectStandardInput = true, RedirectStandardError = true, Environment = { ["HOME"] = _home },
        })!;
        await shell.StandardInput.WriteAsync(before + CopyJob.AuthorizeScript);
        shell.StandardInput.Close();
        await shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return shell.ExitCode;
    }
}
