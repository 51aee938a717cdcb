using System.Security.Cryptography;
using System.Text;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Hosts.Tests.Ssh;

/// <summary>Commands over a real sshd.</summary>
public sealed class SshShellTests(TestSshd sshd) : IClassFixture<TestSshd>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Output_errors_and_exit_code_come_back_apart()
    {
        var result = await sshd.Shell().RunAsync(new("sh", "-c", "echo out; echo err >&2; exit 3"), Cancel);
        result.ExitCode.ShouldBe(3);
        result.Output.ShouldBe("out\n");
        result.StandardError.Trim().ShouldBe("err");
    }

    [Theory]
    [InlineData("exit 255", 255)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    public async Task Exit_255_and_signals_are_results_and_no_broken_connections(string script, int expected)
    {
        var result = await sshd.Shell().RunAsync(new("sh", "-c", script), Cancel);
        result.ExitCode.ShouldBe(expected);
    }

    [Fact]
    public async Task A_program_that_does_not_exist_ends_with_127()
    {
        var result = await sshd.Shell().RunAsync(new("x2k-no-such-program"), Cancel);
        result.ExitCode.ShouldBe(127);
    }

    [Theory]
    [InlineData("")]
    [InlineData("'")]
    [InlineData("$(touch /tmp/x2k-pwned)`id`")]
    [InlineData("-rf")]
    [InlineData("--")]
    [InlineData("a\nb\r\n\tc")]
    [InlineData("ünïcode 😀 \u001e")]
    [InlineData("\\ \" ! # ~ * ? [a] {b} | & ; < >")]
    public async Task Hostile_words_arrive_byte_for_byte(string word)
    {
        var result = await sshd.Shell().RunAsync(new("printf", "%s\\0", word, "end"), Cancel);
        result.Output.ShouldBe(word + "\0end\0");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_words_arrive_byte_for_byte(int seed)
    {
        var random = new Random(seed);
        var shell = sshd.Shell();
        for (var round = 0; round < 20; round++)
        {
            var words = Enumerable.Range(0, random.Next(1, 6)).Select(_ => Word(random)).ToList();
            var result = await shell.RunAsync(new([.. (string[])["printf", "%s\\0"], .. words, "end"]), Cancel);
            result.Output.ShouldBe(string.Concat(words.Append("end").Select(word => word + "\0")));
        }
    }

    private static string Word(Random random)
    {
        const string nasty = "'\"\\`$(){}[]<>|&;*?!#~=%^ \n\r\t-\u001e\u007f";
        var text = new StringBuilder();
        for (var left = random.Next(0, 30); left > 0; left--)
        {
            text.Append(random.Next(4) switch
            {
                0 => (char)random.Next(32, 127),
                1 or 2 => nasty[random.Next(nasty.Length)],
                _ => new Rune(random.Next(2) == 0 ? random.Next(1, 0xd800) : random.Next(0xe000, 0x110000)).ToString(),
            });
        }

        return text.ToString();
    }

    [Fact]
    public async Task A_word_with_NUL_is_refused_before_anything_is_sent() =>
        await Should.ThrowAsync<ArgumentException>(() => sshd.Shell().RunAsync(new("echo", "a\0b"), Cancel));

    [Fact]
    public async Task Environment_variables_reach_the_command()
    {
        var command = new RemoteCommand("sh", "-c", "printf %s \"$X2K_TEST\"") { Environment = new Dictionary<string, string> { ["X2K_TEST"] = "a 'b' $c" } };
        (await sshd.Shell().RunAsync(command, Cancel)).Output.ShouldBe("a 'b' $c");
    }

    [Fact]
    public async Task Standard_input_and_output_are_binary()
    {
        var bytes = RandomNumberGenerator.GetBytes(3_000_001);
        var result = await sshd.Shell().RunAsync(new("cat") { StandardInput = bytes }, Cancel);
        result.OutputBytes.Span.SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task Fifty_megabytes_of_output_arrive()
    {
        var result = await sshd.Shell().RunAsync(new("head", "-c", "50000000", "/dev/zero"), Cancel);
        result.OutputBytes.Length.ShouldBe(50_000_000);
    }

    [Fact]
    public async Task More_output_than_the_limit_ends_the_command()
    {
        using var small = new TestSshd();
        small.Options.MostOutputBytes = 1 << 20;
        var error = await Should.ThrowAsync<RemoteException>(() => small.Shell().RunAsync(new("cat", "/dev/zero"), Cancel));
        error.Message.ShouldContain("more than 1 MiB");
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_ended_on_the_host()
    {
        var mark = Mark();
        var error = await Should.ThrowAsync<RemoteException>(() =>
            sshd.Shell().RunAsync(new("sh", "-c", Sleeper, mark) { Timeout = TimeSpan.FromMilliseconds(300) }, Cancel));
        error.Failure.ShouldBe(RemoteFailure.TimedOut);
        error.IsTransient.ShouldBeTrue();
        error.Message.ShouldContain("took longer than 0.3 seconds");
        TestSshd.WaitUntil(() => !IsRunning(mark), "the command is gone from the host");
    }

    [Fact]
    public async Task Cancelling_ends_the_command_on_the_host()
    {
        var mark = Mark();
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var task = sshd.Shell().RunAsync(new("sh", "-c", Sleeper, mark), source.Token);
        TestSshd.WaitUntil(() => IsRunning(mark), "the command runs");
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => task);
        TestSshd.WaitUntil(() => !IsRunning(mark), "the command is gone from the host");
    }

    [Fact]
    public async Task A_command_that_ignores_the_hang_up_is_killed()
    {
        var mark = Mark();
        await Should.ThrowAsync<RemoteException>(() =>
            sshd.Shell().RunAsync(new("sh", "-c", "trap '' HUP; " + Sleeper, mark) { Timeout = TimeSpan.FromMilliseconds(300) }, Cancel));
        TestSshd.WaitUntil(() => !IsRunning(mark), "the command is gone from the host");
    }

    [Fact]
    public async Task Lines_stream_as_they_come()
    {
        var lines = new List<OutputLine>();
        var fifo = sshd.In("fifo" + Guid.NewGuid().ToString("N"));
        TestSshd.Run("mkfifo", fifo);
        await foreach (var line in sshd.Shell().StreamAsync(new("sh", "-c", "echo one; cat \"$1\" >/dev/null; printf two; printf three >&2", "x", fifo), Cancel))
        {
            lines.Add(line);
            if (lines.Count == 1)
            {
                // Only a line that arrived before the end lets the command go on.
                await File.WriteAllTextAsync(fifo, "go", Cancel);
            }
        }

        lines[0].ShouldBe(new(false, "one"));
        lines.ShouldContain(new OutputLine(false, "two"));
        lines.ShouldContain(new OutputLine(true, "three"));
        lines.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_streamed_command_that_fails_throws_at_its_end()
    {
        var seen = new List<string>();
        var error = await Should.ThrowAsync<RemoteException>(async () =>
        {
            await foreach (var line in sshd.Shell().StreamAsync(new("sh", "-c", "echo begun; echo no room >&2; exit 4"), Cancel))
            {
                seen.Add(line.Text);
            }
        });
        seen.ShouldBe(["begun", "no room"], ignoreOrder: true);
        error.Failure.ShouldBe(RemoteFailure.CommandFailed);
        error.Message.ShouldContain("ended with 4: no room");
    }

    [Fact]
    public async Task A_reader_that_leaves_a_stream_early_ends_the_command()
    {
        var mark = Mark();
        await foreach (var line in sshd.Shell().StreamAsync(new("sh", "-c", "echo hello; " + Sleeper, mark), Cancel))
        {
            line.Text.ShouldBe("hello");
            break;
        }

        TestSshd.WaitUntil(() => !IsRunning(mark), "the command is gone from the host");
    }

    [Fact]
    public async Task An_uploaded_file_has_its_content_mode_and_directory()
    {
        var path = sshd.In($"up {Guid.NewGuid():N}/it's/agent");
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        await sshd.Shell().UploadAsync(new MemoryStream(bytes), path, "0755", Cancel);
        (await File.ReadAllBytesAsync(path, Cancel)).ShouldBe(bytes);
        File.GetUnixFileMode(path).ShouldBe((UnixFileMode)0b111_101_101);
        Directory.GetFiles(Path.GetDirectoryName(path)!).Length.ShouldBe(1, "no temporary file is left");
    }

    [Fact]
    public async Task An_upload_that_fails_leaves_the_old_file()
    {
        var path = sshd.In("old-directory/sub");
        Directory.CreateDirectory(path);
        var error = await Should.ThrowAsync<RemoteException>(() => sshd.Shell().UploadAsync(new MemoryStream([1]), path + "/../sub/x/..", "0644", Cancel));
        error.Failure.ShouldBe(RemoteFailure.CommandFailed);
        Directory.Exists(path).ShouldBeTrue();
    }

    [Fact]
    public async Task Forty_commands_at_once_fit_through_ten_sessions()
    {
        var shell = sshd.Shell();
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(number =>
            shell.RunAsync(new("sh", "-c", $"sleep 0.1; echo {number}"), Cancel)));
        results.Select(result => result.Output.Trim()).ShouldBe(Enumerable.Range(0, 40).Select(number => $"{number}"));
    }

    [Fact]
    public async Task Commands_share_one_connection()
    {
        using var own = new TestSshd();
        var shell = own.Shell();
        for (var i = 0; i < 5; i++)
        {
            await shell.RunAsync(new("true"), Cancel);
        }

        own.Log.Count(line => line.StartsWith("Accepted publickey", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_script_gets_its_arguments_and_is_named_by_its_first_comment_in_the_log()
    {
        var log = new RecordingLog();
        var result = await sshd.Shell(log: log).RunAsync(RemoteCommand.Script("# greet somebody\necho \"hello $1\"\n", "a b"), Cancel);
        result.Output.ShouldBe("hello a b\n");
        log.Lines[0].ShouldBe("kvm1> sh -s -- 'a b' <<script (greet somebody)");
        log.Lines[1].ShouldBe("kvm1= 0 hello a b");
    }

    [Fact]
    public async Task Secrets_never_reach_the_log()
    {
        var log = new RecordingLog();
        var secret = await File.ReadAllTextAsync(sshd.In("client"), Cancel);
        await sshd.Shell(log: log).RunAsync(
            new("cat", sshd.In("client")) { Environment = new Dictionary<string, string> { ["DB_PASSWORD"] = "hunter2" } }, Cancel);
        var text = string.Join('\n', log.Lines);
        text.ShouldNotContain("hunter2");
        text.ShouldNotContain(secret.Split('\n')[1]);
        text.ShouldContain("[removed]");
    }

    [Fact]
    public async Task A_quiet_command_logs_no_output()
    {
        var log = new RecordingLog();
        await sshd.Shell(log: log).RunAsync(new("echo", "binary") { Quiet = true }, Cancel);
        log.Lines[1].ShouldBe("kvm1= 0 ");
    }

    private const string Sleeper = "while :; do sleep 0.1; done # $0";

    private static string Mark() => "x2k-test-" + Guid.NewGuid().ToString("N");

    /// <summary>Whether a shell with the mark as its name is alive, other than the client here that carries it in its arguments.</summary>
    private static bool IsRunning(string mark) => Directory.EnumerateDirectories("/proc").Any(directory =>
    {
        try
        {
            var words = File.ReadAllText(Path.Combine(directory, "cmdline")).Split('\0');
            return words is ["sh", "-c", _, var name, ..] && name == mark;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
