using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NSubstitute;
using Xen2Kvm.Domain.Cleanups;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Notifications;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class CleanupApiTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_moved_guest_left_is_proposed_approved_by_another_person_and_deleted()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files", "web");
        var remains = (await world.Operator.GetFromJsonAsync<JsonNode>("/api/v1/cleanups/remains", Token))!.AsArray();
        remains.Count.ShouldBe(2);
        remains[0]!["bytes"]!.GetValue<long>().ShouldBe((1L << 30) + (1L << 28));
        remains[0]!["cleanup"].ShouldBeNull();
        var proposed = await world.ProposeAsync("files");
        var path = $"/api/v1/cleanups/{world.Id}";
        (await world.Operator.PostAsJsonAsync($"{path}/decision", new { approve = true, fingerprint = (string?)proposed["fingerprint"] }, Token)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"{path}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("not approved");
        (await world.Approver.SendJsonAsync(HttpMethod.Post, $"{path}/decision", new { approve = true, fingerprint = (string?)proposed["fingerprint"] }))["cleanup"]!["decision"]!["by"]!
            .GetValue<string>().ShouldBe("approver");

        // Dry run by default.
        var dry = await world.Operator.SendJsonAsync(HttpMethod.Post, $"{path}/run", new { });
        dry["whyNot"]!.AsArray().ShouldBeEmpty();
        dry["commands"]![0]!["host"]!.GetValue<string>().ShouldBe("xen1");
        dry["commands"]![0]!["commands"]!.AsArray().Select(line => line!.GetValue<string>()).ShouldBe(
            ["lvremove -q -y /dev/vg0/files-xvda1", "lvremove -q -y /dev/vg0/files-xvda2", $"rm -f -- {CleanupWorld.Config("files")}", "rm -f -- /locks/files.json"]);
        dry["bytes"]!.GetValue<long>().ShouldBe((1L << 30) + (1L << 28) + 200);
        world.Hosts.Remains.Deleted.ShouldBeEmpty();

        (await world.Operator.ProblemAsync(HttpMethod.Post, $"{path}/run", new { delete = true }, HttpStatusCode.Conflict)).ShouldContain("give the name of each guest exactly: files");
        (await world.DeleteAsync("files"))["cleanup"]!["state"]!.GetValue<string>().ShouldBe("Deleting");
        await world.CarryOutAsync();
        var done = await world.NowAsync();
        done.State.ShouldBe(CleanupState.Done);
        done.Items.ShouldAllBe(item => item.Outcome!.Gone);
        world.Hosts.Remains.Deleted.ShouldBe([CleanupWorld.Volume("files"), "/dev/vg0/files-xvda2", CleanupWorld.Config("files"), CleanupWorld.Lock("files")]);
        world.Hosts.Remains.There.ShouldContainKey(CleanupWorld.Volume("web"), "the other guest's things are there");
        (await world.ActsAsync()).ShouldBe(["cleanup.propose", "cleanup.approve", "cleanup.start", "cleanup.delete", "cleanup.delete", "cleanup.delete", "cleanup.delete", "cleanup.end"]);
        KvmUntouched(world);
        (await world.Dashboard.Get<Notifier>().ListAsync("approver", 10, Token)).ShouldContain(entry =>
            entry.Notification.Kind == NotificationKind.CleanupNeedsApproval && entry.Notification.Path == $"/cleanup/{world.Id}");
        (await world.Operator.GetFromJsonAsync<JsonNode>("/api/v1/cleanups/remains", Token))![0]!["bytes"]!.GetValue<long>().ShouldBe(0);
    }

    [Fact]
    public async Task Once_it_has_begun_the_run_cannot_be_rolled_back()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        await world.DeleteAsync("files");
        var rollback = $"/api/v1/runs/{world.Runs["files"]}/rollback";
        (await world.Operator.ProblemAsync(HttpMethod.Post, rollback, new { deleteTarget = true }, HttpStatusCode.Conflict)).ShouldContain("nothing to roll back to");
        (await world.Dashboard.Get<IRunStore>().SetIntentAsync(world.Runs["files"], RunIntent.RollBack, "a race", true, Token)).ShouldBeNull("the ledger itself refuses it");
        await world.CarryOutAsync();
        await world.Operator.ProblemAsync(HttpMethod.Post, rollback, new { deleteTarget = true }, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_run_that_is_rolled_back_after_the_approval_keeps_everything()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/runs/{world.Runs["files"]}/rollback", new { deleteTarget = false });
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("not proven");
        await world.CarryOutAsync();
        world.Hosts.Remains.Deleted.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_proposed_cannot_approve_even_with_the_role()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        var proposed = await world.Approver.SendJsonAsync(HttpMethod.Post, "/api/v1/cleanups", CleanupWorld.Request("files"));
        var decision = new { approve = true, fingerprint = (string?)proposed["fingerprint"] };
        (await world.Approver.ProblemAsync(HttpMethod.Post, $"/api/v1/cleanups/{proposed["id"]}/decision", decision, HttpStatusCode.Conflict)).ShouldContain("another person");
    }

    [Fact]
    public async Task Nothing_is_deleted_before_the_hold_period_is_over()
    {
        await using var world = await CleanupWorld.StartAsync(database, TimeSpan.FromDays(14), "files");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/cleanups", new { guests = new[] { new { host = "xen1", guest = "files" } }, holdDays = 13 }, HttpStatusCode.Conflict)).ShouldContain("at least 14 days");
        await world.ApproveAsync("files");
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("hold period lasts until");
        (await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/run", new { }))["whyNot"]![0]!.GetValue<string>().ShouldContain("hold period");
        await world.CarryOutAsync();
        world.Hosts.Remains.Deleted.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_differs_at_the_start_voids_the_approval_and_is_shown()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        var volume = CleanupWorld.Volume("files");
        world.Hosts.Remains.There[volume] = world.Hosts.Remains.There[volume] with { Identity = "volume another, 1 bytes" };
        var path = $"/api/v1/cleanups/{world.Id}";
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"{path}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("volume another, 1 bytes");
        var voided = await world.NowAsync();
        voided.State.ShouldBe(CleanupState.Proposed);
        voided.Drift.ShouldHaveSingleItem().Now.ShouldBe("volume another, 1 bytes");
        (await world.Approver.ProblemAsync(HttpMethod.Post, $"{path}/decision", new { approve = true, fingerprint = voided.Fingerprint() }, HttpStatusCode.Conflict)).ShouldContain("looked at anew");
        var again = await world.Operator.SendJsonAsync(HttpMethod.Post, $"{path}/look");
        await world.Approver.SendJsonAsync(HttpMethod.Post, $"{path}/decision", new { approve = true, fingerprint = (string?)again["fingerprint"] });
        await world.DeleteAsync("files");
        await world.CarryOutAsync();
        (await world.NowAsync()).State.ShouldBe(CleanupState.Done);
    }

    [Fact]
    public async Task A_guest_that_does_not_run_on_kvm_alone_is_not_even_proposed()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        world.Hosts.Kvm.GetStateAsync("files", Arg.Any<CancellationToken>()).Returns(PowerState.Off);
        await RefusedAsync("does not run on kvm1");
        world.Hosts.Kvm.GetStateAsync("files", Arg.Any<CancellationToken>()).Returns(PowerState.Running);
        world.Hosts.Xen.GetStateAsync("files", Arg.Any<CancellationToken>()).Returns(new DomainState(PowerState.Running, 7));
        await RefusedAsync("is running on xen1");
        world.Hosts.Xen.GetStateAsync("files", Arg.Any<CancellationToken>()).Returns(new DomainState(PowerState.Off, null));
        world.Hosts.Show(WaveWorld.Guest("files") with { Power = PowerState.Off, ConfigPath = "/etc/xen/new.cfg" });
        await RefusedAsync("/etc/xen/new.cfg");
        world.Hosts.Break("xen1 refused the key");
        await RefusedAsync("refused the key");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/cleanups", CleanupWorld.Request("nobody"), HttpStatusCode.Conflict)).ShouldContain("was not moved by this program");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/cleanups", new { guests = new[] { new { host = "kvm1", guest = "files" } } }, HttpStatusCode.BadRequest)).ShouldContain("no Xen host kvm1");

        async Task RefusedAsync(string why) =>
            (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/cleanups", CleanupWorld.Request("files"), HttpStatusCode.Conflict)).ShouldContain(why);
    }

    [Fact]
    public async Task A_guest_is_in_one_open_cleanup_only()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ProposeAsync("files");
        (await world.Operator.ProblemAsync(HttpMethod.Post, "/api/v1/cleanups", CleanupWorld.Request("files"), HttpStatusCode.Conflict)).ShouldContain("in a cleanup already");
        await world.Operator.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/withdraw");
        await world.ProposeAsync("files");
    }

    [Fact]
    public async Task A_hostile_name_is_confirmed_as_it_is_and_comes_back_as_text()
    {
        const string name = "-rf / <img src=x>; $(id)";
        await using var world = await CleanupWorld.StartAsync(database, name);
        await world.ApproveAsync(name);
        await world.DeleteAsync(name);
        await world.CarryOutAsync();
        var done = await world.NowAsync();
        done.State.ShouldBe(CleanupState.Done);
        done.Title.ShouldBe(name);
    }

    [Fact]
    public async Task An_approver_who_lost_the_role_has_not_approved()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        await world.ApproveAsync("files");
        await world.Dashboard.Get<People>().DisableAsync("approver", await world.Dashboard.PrincipalAsync(Roles.Admin), Token);
        (await world.Operator.ProblemAsync(HttpMethod.Post, $"/api/v1/cleanups/{world.Id}/run", new { delete = true, confirm = new[] { "files" } }, HttpStatusCode.Conflict)).ShouldContain("may not approve any more");
    }

    private static void KvmUntouched(CleanupWorld world)
    {
        var touching = new[] { nameof(IKvmHost.DestroyAsync), nameof(IKvmHost.UndefineAsync), nameof(IKvmHost.DeleteAsync), nameof(IKvmHost.DefineAsync), nameof(IKvmHost.StartAsync), nameof(IKvmHost.SetAutostartAsync), nameof(IKvmHost.AllocateAsync) };
        world.Hosts.Kvm.ReceivedCalls().Select(call => call.GetMethodInfo().Name).ShouldNotContain(call => touching.Contains(call));
    }
}
