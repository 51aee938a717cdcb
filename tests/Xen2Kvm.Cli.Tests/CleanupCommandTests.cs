using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Engine.Cleanups;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class CleanupCommandTests(Database database)
{
    [Fact]
    public async Task A_cleanup_is_proposed_tried_dry_approved_by_another_person_and_carried_out()
    {
        await using var world = await CleanupWorld.StartAsync(database, "files");
        var dashboard = world.Dashboard;
        (await Shell.AgainstAsync(dashboard, "cleanup", "list")).Ends(0).Out.ShouldContain("xen1 holds 1.3 GiB");
        (await Shell.AgainstAsync(dashboard, "cleanup", "propose", "xen1", "files", "--hold-days", "0")).Ends(0).Out.ShouldContain("lvremove -q -y /dev/vg0/files-xvda1");
        (await Shell.AgainstAsync(dashboard, "cleanup", "propose", "xen1", "files")).Ends(1).Error.ShouldContain("in a cleanup already");
        var dry = (await Shell.AgainstAsync(dashboard, "cleanup", "run", "files")).Ends(1);
        dry.Out.ShouldContain("Dry run: nothing is deleted.");
        dry.Out.ShouldContain("not now    It is not approved.");
        (await Shell.AgainstAsync(dashboard, "cleanup", "approve", "files", "--fingerprint", "0000")).Ends(1).Error.ShouldContain("another fingerprint");

        var shown = (await Shell.AgainstAsync(dashboard, "cleanup", "show", "files", "--json")).Ends(0).Json;
        await world.Approver.SendJsonAsync(HttpMethod.Post, $"/api/v1/cleanups/{shown["id"]}/decision", new { approve = true, fingerprint = (string?)shown["fingerprint"] });
        (await Shell.AgainstAsync(dashboard, "cleanup", "run", "files")).Ends(0).Out.ShouldContain("They would free 1.3 GiB.");
        (await Shell.AgainstAsync(dashboard, "cleanup", "run", "files", "--delete")).Ends(1).Error.ShouldContain("give the name of each guest exactly: files");
        world.Hosts.Remains.Deleted.ShouldBeEmpty();

        // The worker of this dashboard does not run; the command waits for what it does.
        var deleting = Shell.AgainstAsync(dashboard, "cleanup", "run", "files", "--delete", "--confirm", "files");
        while (!deleting.IsCompleted)
        {
            await dashboard.Get<CleanupExecutor>().CarryOutAsync(TestContext.Current.CancellationToken);
            await Task.Yield();
        }

        (await deleting).Ends(0).Out.ShouldContain("deleted");
        world.Hosts.Remains.Deleted.Count.ShouldBe(4);
        (await Shell.AgainstAsync(dashboard, "cleanup", "withdraw", "files")).Ends(1).Error.ShouldContain("cannot be withdrawn");
        (await Shell.AgainstAsync(dashboard, "cleanup", "reject", "files")).Ends(2);
        (await Shell.AgainstAsync(dashboard, "cleanup", "show", "nothing")).Ends(1).Error.ShouldContain("There is no cleanup nothing");
    }
}
