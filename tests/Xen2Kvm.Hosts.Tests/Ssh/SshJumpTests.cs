using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;

namespace Xen2Kvm.Hosts.Tests.Ssh;

/// <summary>Hosts behind a jump host, against a real sshd.</summary>
public sealed class SshJumpTests(TestSshd sshd) : IClassFixture<TestSshd>
{
    private static readonly RemoteCommand True = new("true");

    private string Stranger => string.Join(' ', File.ReadAllText(sshd.In("stranger.pub")).Split(' ')[..2]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_jump_host_leads_to_the_host()
    {
        var shell = sshd.Shell(sshd.Endpoint with { JumpHost = $"root@127.0.0.1:{sshd.Port}", JumpHostKey = sshd.HostKey });
        (await shell.RunAsync(new("echo", "there"), Cancel)).Output.ShouldBe("there\n");
    }

    [Fact]
    public async Task A_jump_host_that_refuses_is_named()
    {
        var error = await FailAsync(sshd.Endpoint with { JumpHost = $"x2kuser@127.0.0.1:{TestSshd.FreePort()}", JumpHostKey = sshd.HostKey });
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
        error.Message.ShouldContain("through the jump host x2kuser@127.0.0.1");
    }

    [Fact]
    public async Task Another_key_of_the_jump_host_is_refused_and_told_from_one_of_the_host()
    {
        var endpoint = sshd.Endpoint with { JumpHost = $"root@127.0.0.1:{sshd.Port}", JumpHostKey = sshd.HostKey };
        var jump = await FailAsync(endpoint with { JumpHostKey = Stranger });
        jump.Failure.ShouldBe(RemoteFailure.HostKeyMismatch, jump.Message);
        jump.Message.ShouldStartWith(
            $"The jump host root@127.0.0.1:{sshd.Port} on the way to kvm1 showed the host key {PrivateKeyText.Fingerprint(sshd.HostKey)}, but {PrivateKeyText.Fingerprint(Stranger)} was");
        var behind = await FailAsync(endpoint with { HostKey = Stranger });
        behind.Failure.ShouldBe(RemoteFailure.HostKeyMismatch, behind.Message);
        behind.Message.ShouldStartWith($"kvm1 (127.0.0.1 port {sshd.Port}) showed the host key {PrivateKeyText.Fingerprint(sshd.HostKey)}");
    }

    [Fact]
    public async Task A_jump_host_without_a_confirmed_key_is_not_contacted()
    {
        var error = await FailAsync(sshd.Endpoint with { JumpHost = $"root@127.0.0.1:{sshd.Port}" });
        error.Failure.ShouldBe(RemoteFailure.HostKeyUnknown);
        error.Message.ShouldContain($"root@127.0.0.1:{sshd.Port}, the jump host");
    }

    private async Task<RemoteException> FailAsync(SshEndpoint endpoint, string? secret = null) =>
        await Should.ThrowAsync<RemoteException>(() => sshd.Shell(endpoint, secret).RunAsync(True, Cancel));
}
