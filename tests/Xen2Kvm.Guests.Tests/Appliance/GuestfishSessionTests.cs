using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Tests.Support;
using static Xen2Kvm.Guests.Appliance.GuestfishCommand;

namespace Xen2Kvm.Guests.Tests.Appliance;

public sealed class GuestfishSessionTests
{
    private readonly FakeAppliance host = new();

    [Fact]
    public async Task The_format_of_every_disk_is_given()
    {
        await using var session = await OpenAsync();
        host.Launches.ShouldHaveSingleItem().Skip(4).ShouldBe(["--format=raw", "-a", "/dev/vg0/a b", "--format=qcow2", "-a", "/pool/$(x).qcow2"]);
        host.Launches[0][1].ShouldBe("force_tcg");
        host.Commands.ShouldBe(["run"]);
    }

    [Fact]
    public async Task A_launch_with_kvm_that_fails_is_tried_again_emulated()
    {
        host.Answer = words => words[0] == "run" && host.Launches.Count == 1 ? ("", "libguestfs: error: guestfs_launch failed") : ("", null);
        var lines = new List<string>();
        await using var session = await OpenAsync(useKvm: true, new Progress(lines.Add));
        host.Launches.Select(launch => launch[1]).ShouldBe(["", "force_tcg"]);
        host.Stops.ShouldBe(1);
        lines.ShouldHaveSingleItem().ShouldContain("emulated");
    }

    [Fact]
    public async Task Content_that_looks_like_a_frame_is_content()
    {
        await using var session = await OpenAsync();
        host.Answer = words => (words[0] == "a" ? "0 5 0\nfalse\n1 0 99\n" : "second", null);
        var replies = await session.BatchAsync([Try("a"), Try("b")], Token);
        replies.Select(reply => reply.Text).ShouldBe(["0 5 0\nfalse\n1 0 99", "second"]);
    }

    [Fact]
    public async Task Hostile_words_arrive_as_they_are()
    {
        await using var session = await OpenAsync();
        string[] words = ["download", "/etc/a b\"'$(rm -rf /)`x`\\", "\n;é", "-x", "%s"];
        host.Answer = arrived => (string.Join('|', arrived), null);
        (await session.RunAsync(words, Token)).Text.ShouldBe(string.Join('|', words));
    }

    [Fact]
    public async Task An_optional_failure_is_a_result_and_a_required_one_ends_the_batch_by_name()
    {
        await using var session = await OpenAsync();
        host.Answer = words => words[0] == "cat" ? ("", "libguestfs: error: cat: /nope: No such file") : ("fine", null);
        var replies = await session.BatchAsync([Try("cat", "/nope"), Try("x")], Token);
        replies[0].Ok.ShouldBeFalse();
        replies[1].Text.ShouldBe("fine");
        var error = await Should.ThrowAsync<RemoteException>(() => session.BatchAsync([Must("cat", "/nope"), Must("after")], Token));
        error.Message.ShouldContain("`cat /nope`");
        error.IsTransient.ShouldBeFalse();
        host.Commands.ShouldNotContain("after");
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("guestfish: remote: looks like the server is not running")]
    [InlineData("libguestfs: error: appliance closed the connection unexpectedly.")]
    public async Task An_appliance_that_is_gone_is_told_from_a_failure(string message)
    {
        await using var session = await OpenAsync();
        host.Answer = _ => ("", message);
        await Should.ThrowAsync<ApplianceLostException>(() => session.BatchAsync([Try("x")], Token));
    }

    [Fact]
    public async Task Many_commands_go_in_few_batches_and_every_reply_finds_its_command()
    {
        await using var session = await OpenAsync();
        var before = host.Batches;
        host.Answer = words => (words[1], null);
        var replies = await session.BatchAsync([.. Enumerable.Range(0, 250).Select(number => Try("echo", $"{number} {new string('x', 500)}"))], Token);
        replies.Select(reply => reply.Text.Split(' ')[0]).ShouldBe(Enumerable.Range(0, 250).Select(number => $"{number}"));
        (host.Batches - before).ShouldBeInRange(3, 6);
    }

    [Fact]
    public async Task It_is_stopped_once_whatever_happens()
    {
        await using (var session = await OpenAsync())
        {
            await session.CloseAsync(Token);
        }

        host.Stops.ShouldBe(1);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<GuestfishSession> OpenAsync(bool useKvm = false, IProgress<string>? progress = null) => GuestfishSession.OpenAsync(
        host, [("/dev/vg0/a b", DiskFormat.Raw), ("/pool/$(x).qcow2", DiskFormat.Qcow2)], "/var/lib/x2k/work", useKvm, new(), progress ?? new Progress(_ => { }), Token);
}
