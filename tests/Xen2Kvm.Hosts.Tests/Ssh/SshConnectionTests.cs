using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Hosts.Tests.Ssh;

/// <summary>Making, losing and refusing connections, against a real sshd.</summary>
public sealed class SshConnectionTests(TestSshd sshd) : IClassFixture<TestSshd>
{
    private static readonly RemoteCommand True = new("true");

    private string Stranger => string.Join(' ', File.ReadAllText(sshd.In("stranger.pub")).Split(' ')[..2]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_without_a_confirmed_key_is_not_contacted()
    {
        var error = await FailAsync(sshd.Endpoint with { HostKey = null });
        error.Failure.ShouldBe(RemoteFailure.HostKeyUnknown);
        error.Message.ShouldContain("confirm");
    }

    [Fact]
    public async Task Another_host_key_than_the_pinned_one_is_refused()
    {
        var error = await FailAsync(sshd.Endpoint with { HostKey = Stranger });
        error.Failure.ShouldBe(RemoteFailure.HostKeyMismatch);
        error.IsTransient.ShouldBeFalse();
        error.Message.ShouldStartWith(
            $"kvm1 (127.0.0.1 port {sshd.Port}) showed the host key {PrivateKeyText.Fingerprint(sshd.HostKey)}, but {PrivateKeyText.Fingerprint(Stranger)} was confirmed for it");
        error.Message.ShouldContain("x2k host change kvm1");
    }

    [Fact]
    public async Task A_key_of_another_type_than_the_pinned_one_is_refused()
    {
        var error = await FailAsync(sshd.Endpoint with { HostKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLbtHFGVcCyOFwFUHMbEzUrJmzeXSJ+EMWdZuIxLTg2ZWVVmKUrzjlYPY7kTGWs6TCIqMv2k9oD2lHO9hOvLjd0=" });
        error.Failure.ShouldBe(RemoteFailure.HostKeyMismatch, error.Message);
        error.Message.ShouldContain("a key of type ED25519");
    }

    [Fact]
    public async Task A_refused_key_is_told_with_its_public_half_and_where_to_put_it()
    {
        var error = await FailAsync(sshd.Endpoint, await File.ReadAllTextAsync(sshd.In("stranger"), Cancel));
        error.Failure.ShouldBe(RemoteFailure.Authentication);
        error.Message.ShouldStartWith("kvm1 refused the key (publickey,password). Add the key ssh-ed25519 AAAA");
        error.Message.ShouldEndWith("to /root/.ssh/authorized_keys, or choose another one.");
    }

    [Fact]
    public async Task A_key_with_a_passphrase_is_refused_in_words()
    {
        var error = await FailAsync(sshd.Endpoint, await File.ReadAllTextAsync(sshd.In("locked"), Cancel));
        error.Failure.ShouldBe(RemoteFailure.Authentication);
        error.Message.ShouldContain("passphrase");
    }

    [Fact]
    public async Task A_key_that_is_no_key_is_refused_in_words()
    {
        var error = await FailAsync(sshd.Endpoint, "hello");
        error.Failure.ShouldBe(RemoteFailure.Authentication);
    }

    [Fact]
    public async Task A_key_pasted_with_windows_line_ends_works()
    {
        var key = (await File.ReadAllTextAsync(sshd.In("client"), Cancel)).Trim().ReplaceLineEndings("\r\n");
        (await sshd.Shell(secret: key).RunAsync(True, Cancel)).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task A_password_is_given_by_askpass_and_nowhere_else()
    {
        var endpoint = sshd.Endpoint with { Authentication = SshAuthentication.Password, User = TestSshd.PasswordUser };
        var log = new RecordingLog();
        var result = await sshd.Shell(endpoint, TestSshd.Password, log).RunAsync(new("id", "-un"), Cancel);
        result.Output.Trim().ShouldBe(TestSshd.PasswordUser);
        log.Lines.ShouldNotContain(line => line.Contains(TestSshd.Password, StringComparison.Ordinal));
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                if ((await File.ReadAllTextAsync(Path.Combine(process, "comm"), Cancel)).Trim() == "ssh")
                {
                    (await File.ReadAllTextAsync(Path.Combine(process, "cmdline"), Cancel)).ShouldNotContain(TestSshd.Password);
                    (await File.ReadAllTextAsync(Path.Combine(process, "environ"), Cancel)).ShouldNotContain(TestSshd.Password);
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }
    }

    [Fact]
    public async Task A_wrong_password_is_told()
    {
        var error = await FailAsync(sshd.Endpoint with { Authentication = SshAuthentication.Password, User = TestSshd.PasswordUser }, "wrong");
        error.Failure.ShouldBe(RemoteFailure.Authentication);
        error.Message.ShouldContain("refused the password of x2kuser");
    }

    [Fact]
    public async Task Nothing_listening_is_unreachable()
    {
        var error = await FailAsync(sshd.Endpoint with { Port = TestSshd.FreePort() });
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
        error.IsTransient.ShouldBeTrue();
        error.Message.ShouldContain("connection refused");
    }

    [Fact]
    public async Task An_unknown_name_is_unreachable()
    {
        var error = await FailAsync(sshd.Endpoint with { Address = "no-such-host.invalid" });
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
        error.Message.ShouldContain("the name is not known");
    }

    [Theory]
    [InlineData("-oProxyCommand=id")]
    [InlineData("host name")]
    [InlineData("ssh://host")]
    [InlineData("")]
    public async Task An_address_that_ssh_could_misread_is_refused(string address)
    {
        var error = await FailAsync(sshd.Endpoint with { Address = address });
        error.Message.ShouldContain("is no host name");
    }

    [Fact]
    public async Task A_service_that_is_not_ssh_is_unreachable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(
            async () =>
            {
                using var client = await listener.AcceptTcpClientAsync(Cancel);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Cancel);
            },
            Cancel);
        var error = await FailAsync(sshd.Endpoint with { Port = ((IPEndPoint)listener.LocalEndpoint).Port });
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
    }

    [Fact]
    public async Task A_host_that_accepts_and_stays_silent_is_unreachable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var own = new TestSshd();
        own.Options.ConnectTimeout = TimeSpan.FromSeconds(1);
        own.Options.AnswerTimeout = TimeSpan.FromSeconds(2);
        var shell = own.Shell(own.Endpoint with { Port = ((IPEndPoint)listener.LocalEndpoint).Port });
        var error = await Should.ThrowAsync<RemoteException>(() => shell.RunAsync(True, Cancel));
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
    }

    [Fact]
    public async Task A_connection_that_died_is_made_again()
    {
        var connection = sshd.Connection();
        var shell = new SshShell(connection, null);
        await shell.RunAsync(True, Cancel);
        var first = connection.Current!.ProcessId;
        Kill(first);
        (await shell.RunAsync(True, Cancel)).Ok.ShouldBeTrue();
        connection.Current!.ProcessId.ShouldNotBe(first);
    }

    [Fact]
    public async Task A_connection_that_dies_under_a_command_says_that_it_may_have_had_its_effect()
    {
        var connection = sshd.Connection();
        var shell = new SshShell(connection, null);
        await shell.RunAsync(True, Cancel);
        var started = sshd.In("started" + Guid.NewGuid().ToString("N"));
        var task = shell.RunAsync(new("sh", "-c", "touch \"$1\"; sleep 30", "x", started), Cancel);
        TestSshd.WaitUntil(() => File.Exists(started), "the command runs");
        Kill(connection.Current!.ProcessId);
        var error = await Should.ThrowAsync<RemoteException>(() => task);
        error.Failure.ShouldBe(RemoteFailure.ConnectionLost);
        error.Message.ShouldContain("it may have had its effect");
        (await shell.RunAsync(True, Cancel)).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task A_connection_that_dies_under_many_commands_fails_each_of_them_in_words()
    {
        var connection = sshd.Connection();
        var shell = new SshShell(connection, null);
        for (var round = 0; round < 5; round++)
        {
            var started = Enumerable.Range(0, 6).Select(_ => sshd.In("started" + Guid.NewGuid().ToString("N"))).ToList();
            var tasks = started.ConvertAll(file => shell.RunAsync(new("sh", "-c", "touch \"$1\"; sleep 30", "x", file), Cancel));
            TestSshd.WaitUntil(() => started.TrueForAll(File.Exists), "the commands run");
            Kill(connection.Current!.ProcessId);
            foreach (var task in tasks)
            {
                (await Should.ThrowAsync<RemoteException>(() => task)).Failure.ShouldBe(RemoteFailure.ConnectionLost);
            }
        }
    }

    [Fact]
    public async Task An_idle_connection_is_closed_and_opened_again()
    {
        using var own = new TestSshd();
        own.Options.IdleTimeout = TimeSpan.FromMilliseconds(100);
        var connection = own.Connection();
        var shell = new SshShell(connection, null);
        await shell.RunAsync(True, Cancel);
        TestSshd.WaitUntil(() => connection.Current is null, "the idle connection is closed");
        (await shell.RunAsync(True, Cancel)).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task Callers_that_wait_for_a_dead_host_share_one_attempt()
    {
        var shell = sshd.Shell(sshd.Endpoint with { Port = TestSshd.FreePort() });
        var errors = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Should.ThrowAsync<RemoteException>(() => shell.RunAsync(True, Cancel))));
        errors.ShouldAllBe(error => error.Failure == RemoteFailure.Unreachable);
    }

    [Fact]
    public async Task Legacy_algorithms_are_words_that_ssh_knows() =>
        (await sshd.Shell(sshd.Endpoint with { AllowLegacyAlgorithms = true }).RunAsync(True, Cancel)).Ok.ShouldBeTrue();

    [Fact]
    public async Task No_common_algorithm_points_to_the_legacy_switch()
    {
        using var old = new TestSshd();
        await File.AppendAllTextAsync(old.In("config"), "\nKexAlgorithms diffie-hellman-group14-sha1\n", Cancel);
        old.Restart();
        var error = await Should.ThrowAsync<RemoteException>(() => old.Shell().RunAsync(True, Cancel));
        error.Failure.ShouldBe(RemoteFailure.Algorithms, error.Message);
        error.Message.ShouldContain("diffie-hellman-group14-sha1");
        error.Message.ShouldContain("Allow legacy algorithms");
        (await old.Shell(old.Endpoint with { AllowLegacyAlgorithms = true }).RunAsync(True, Cancel)).Ok.ShouldBeTrue();
    }

    [Fact]
    public async Task Root_commands_go_through_sudo_where_asked()
    {
        var endpoint = sshd.Endpoint with { Authentication = SshAuthentication.Password, User = TestSshd.PasswordUser, UseSudo = true };
        var shell = sshd.Shell(endpoint, TestSshd.Password);
        (await shell.RunAsync(new("echo", "as root"), Cancel)).Output.ShouldBe("as root\n");
        (await shell.RunAsync(new("echo", "as myself") { AsRoot = false }, Cancel)).Ok.ShouldBeTrue();
        var log = await File.ReadAllTextAsync(sshd.In("sudo.log"), Cancel);
        log.ShouldContain("echo as root");
        log.ShouldNotContain("as myself");
        await File.WriteAllTextAsync(sshd.In("sudo-refuses"), "", Cancel);
        try
        {
            var error = await Should.ThrowAsync<RemoteException>(() => shell.RunAsync(True, Cancel));
            error.Failure.ShouldBe(RemoteFailure.Sudo);
            error.Message.ShouldContain("NOPASSWD");
        }
        finally
        {
            File.Delete(sshd.In("sudo-refuses"));
        }
    }

    [Fact]
    public async Task Nothing_is_left_after_disposal()
    {
        string root;
        int process;
        using (var own = new TestSshd())
        {
            root = own.Runtime.Root;
            var connection = own.Connection();
            await new SshShell(connection, null).RunAsync(True, Cancel);
            process = connection.Current!.ProcessId;
            Directory.GetFiles(own.Runtime.Secrets).ShouldBeEmpty();
        }

        Directory.Exists(root).ShouldBeFalse();
        TestSshd.WaitUntil(() => !Directory.Exists($"/proc/{process}"), "the connection's process is gone");
    }

    private async Task<RemoteException> FailAsync(SshEndpoint endpoint, string? secret = null) =>
        await Should.ThrowAsync<RemoteException>(() => sshd.Shell(endpoint, secret).RunAsync(True, Cancel));

    private static void Kill(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        process.WaitForExit();
    }
}
