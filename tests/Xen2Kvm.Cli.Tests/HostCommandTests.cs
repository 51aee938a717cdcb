using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class HostCommandTests(Database database)
{
    [Fact]
    public async Task A_host_is_added_after_a_person_compared_its_key()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        string[] add = ["host", "add", "xen1", "--kind", "xen", "--address", "192.0.2.1"];
        var refused = (await Shell.AgainstAsync(dashboard, "n\n", true, add)).Ends(1);
        refused.Error.ShouldContain(FakeHosts.Fingerprint);
        refused.Error.ShouldContain("nothing was changed");
        (await Shell.AgainstAsync(dashboard, "", false, add)).Ends(2).Error.ShouldContain("--accept-fingerprint");
        (await Shell.AgainstAsync(dashboard, "y\n", true, add)).Ends(0).Out.ShouldContain("Added xen1");
        (await Shell.AgainstAsync(dashboard, "host", "list", "--json")).Ends(0).Json[0]!["name"]!.GetValue<string>().ShouldBe("xen1");
    }

    [Fact]
    public async Task A_fingerprint_that_differs_adds_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var refused = (await Shell.AgainstAsync(
            dashboard, "host", "add", "xen1", "--kind", "xen", "--address", "192.0.2.1", "--accept-fingerprint", "SHA256:other")).Ends(1);
        refused.Error.ShouldContain("someone else answers");
        (await Shell.AgainstAsync(dashboard, "host", "list", "--json")).Json.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Hosts_are_tested_refreshed_shown_and_removed()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        (await Shell.AgainstAsync(dashboard, "host", "test", "xen1")).Ends(1).Out.ShouldContain("Add NOPASSWD.");
        (await Shell.AgainstAsync(dashboard, "host", "show", "xen1")).Ends(0).Out.ShouldContain("Xen 4.17");
        (await Shell.AgainstAsync(dashboard, "guest", "list")).Ends(0).Out.ShouldContain("files");
        (await Shell.AgainstAsync(dashboard, "guest", "show", "xen1", "files")).Ends(0).Out.ShouldContain("00:16:3e:00:00:01");
        (await Shell.AgainstAsync(dashboard, "host", "remove", "xen1")).Ends(2).Error.ShouldContain("--yes");
        (await Shell.AgainstAsync(dashboard, "host", "remove", "xen1", "--yes")).Ends(0);
        (await Shell.AgainstAsync(dashboard, "host", "show", "xen1")).Ends(1).Error.ShouldContain("There is no host xen1");
    }

    [Fact]
    public async Task A_host_is_changed_and_what_is_not_given_stays()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        (await Shell.AgainstAsync(dashboard, "host", "change", "xen1", "--address", "192.0.2.9", "--user", "mover", "--sudo", "true")).Ends(0);
        var changed = (await Shell.AgainstAsync(dashboard, "host", "show", "xen1", "--json")).Json["ssh"]!;
        (changed["address"]!.GetValue<string>(), changed["user"]!.GetValue<string>(), changed["useSudo"]!.GetValue<bool>(), changed["port"]!.GetValue<int>())
            .ShouldBe(("192.0.2.9", "mover", true, 22));
        (await Shell.AgainstAsync(dashboard, "new password\n", false, "host", "change", "xen1", "--password-stdin")).Ends(0);
        changed = (await Shell.AgainstAsync(dashboard, "host", "show", "xen1", "--json")).Json["ssh"]!;
        (changed["authentication"]!.GetValue<string>(), changed["address"]!.GetValue<string>()).ShouldBe(("Password", "192.0.2.9"));
    }

    [Fact]
    public async Task A_new_host_key_is_stored_only_when_a_person_confirms_it()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        dashboard.Hosts.Offer("ssh-ed25519 AAAAnew", "SHA256:new");
        (await Shell.AgainstAsync(dashboard, "host", "change", "xen1", "--accept-fingerprint", "SHA256:other")).Ends(1).Error.ShouldContain("SHA256:new");
        (await Shell.AgainstAsync(dashboard, "n\n", true, "host", "change", "xen1")).Ends(1).Error.ShouldContain("nothing was changed");
        (await Shell.AgainstAsync(dashboard, "host", "change", "xen1", "--accept-fingerprint", "SHA256:new")).Ends(0);
        (await Shell.AgainstAsync(dashboard, "host", "show", "xen1", "--json")).Json["ssh"]!["hostKey"]!.GetValue<string>().ShouldBe("ssh-ed25519 AAAAnew");
    }

    [Fact]
    public async Task What_the_host_says_is_what_the_person_reads()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await Scene.AddHostsAsync(dashboard);
        dashboard.Hosts.Break("xen1 refused the key (publickey).");
        (await Shell.AgainstAsync(dashboard, "host", "refresh", "xen1")).Ends(1).Error.ShouldBe("x2k: xen1 refused the key (publickey).\n");
    }

    [Fact]
    public async Task Wrong_usage_and_no_dashboard_are_told_apart()
    {
        (await Shell.RunAsync("host", "add", "x", "--kind", "vmware", "--address", "a")).Ends(2).Error.ShouldContain("give xen or kvm");
        (await Shell.RunAsync("host")).Ends(2);
        (await Shell.RunAsync("host", "list", "--url", "nonsense")).Ends(2);
        (await Shell.RunAsync("host", "list", "--url", "http://127.0.0.1:1")).Ends(1).Error.ShouldContain("No dashboard answers at http://127.0.0.1:1");
        await using var dashboard = await Dashboard.StartAsync(database);
        (await Shell.RunAsync("host", "list", "--url", dashboard.Address.ToString(), "--token", "x2k_wrong")).Ends(1).Error.ShouldContain("does not accept this API token");
    }
}
