using System.Net.Http.Json;
using Xen2Kvm.Cli.Tests.Support;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Cli.Tests;

public sealed class WaveCommandTests(Database database) : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("x2k-wave-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_wave_is_imported_submitted_approved_by_another_person_watched_and_reported()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        var file = Path.Combine(_directory, "wave.csv");
        await File.WriteAllTextAsync(file, "source_host,guest,target_host,after\nxen1,db,kvm1,\nxen1,app,kvm1,db\n", Token);
        (await Shell.AgainstAsync(world.Dashboard, "wave", "import", file, "--name", "Friday", "--dry-run")).Ends(0).Out.ShouldContain("It could be imported as it is.");
        var wave = (await Shell.AgainstAsync(world.Dashboard, "wave", "import", file, "--name", "Friday", "--json")).Ends(0).Json["id"]!.GetValue<Guid>();
        (await Shell.AgainstAsync(world.Dashboard, "wave", "list")).Ends(0).Out.ShouldContain("Friday");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "export", "Friday", "--format", "csv")).Ends(0).Out.ShouldContain("xen1,app,kvm1");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "start", "Friday")).Ends(1).Error.ShouldContain("Friday is a draft and cannot be started now");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "submit", "Friday")).Ends(0).Out.ShouldContain("submitted for approval. Fingerprint ");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "approve", "Friday")).Ends(1).Error.ShouldContain("has the role Operator, which may not do this");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "approve", "Friday", "--fingerprint", "0000")).Ends(1).Error.ShouldContain("another fingerprint");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "reject", "Friday")).Ends(2);

        (await Shell.AgainstAsync(world.Dashboard, "wave", "rehearse", "Friday")).Out.ShouldContain("== app");
        (await Shell.AgainstAsync(world.Dashboard, "plan", "rehearse", "db")).Out.ShouldContain("# Check both hosts");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "put-off", "Friday", "--until", "2020-01-01T00:00Z")).Ends(1).Error.ShouldContain("within the next 90 days");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "put-off", "Friday")).Ends(0).Out.ShouldContain("not put off any more");
        var shown = (await Shell.AgainstAsync(world.Dashboard, "wave", "show", "Friday", "--json")).Ends(0).Json;
        using var approved = await world.Approver.PostAsJsonAsync($"/api/v1/waves/{wave}/decision", new { approve = true, fingerprint = (string?)shown["wave"]!["fingerprint"] }, Token);
        approved.IsSuccessStatusCode.ShouldBeTrue();
        (await Shell.AgainstAsync(world.Dashboard, "wave", "start", "Friday")).Ends(0).Out.ShouldContain("Friday is running.");
        await world.LookAsync();
        (await Shell.AgainstAsync(world.Dashboard, "wave", "show", "Friday")).Ends(0).Out.ShouldContain("waits for db");
        await world.RunIsAsync("db", "Succeeded");
        await world.LookAsync();
        await world.RunIsAsync("app", "Succeeded");
        await world.LookAsync();
        var watched = (await Shell.AgainstAsync(world.Dashboard, "wave", "watch", "Friday")).Ends(0);
        watched.Out.ShouldContain("Friday: Done");
        watched.Out.ShouldContain("app: Proven");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "report", "Friday")).Ends(0).Json["plans"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_wave_is_made_from_plans_and_what_is_wrong_is_told()
    {
        await using var world = await WaveWorld.StartAsync(database, "db", "app");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "create", "Loop", "db", "app", "--after", "db=app", "--after", "app=db")).Ends(1).Error.ShouldContain("wait for each other");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "create", "Odd", "db", "--after", "db=web")).Ends(2).Error.ShouldContain("two of the plans above");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "create", "Odd", "db", "--canary", "web")).Ends(2);
        (await Shell.AgainstAsync(world.Dashboard, "wave", "create", "Even", "db", "app", "--after", "app=db", "--canary", "db", "--on-failure", "RollBack")).Ends(0).Out.ShouldContain("Even is a draft of 2 plans");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "show", "Even", "--json")).Ends(0).Json["wave"]!["policy"]!["onFailure"]!.GetValue<string>().ShouldBe("RollBack");
        (await Shell.AgainstAsync(world.Dashboard, "wave", "import", Path.Combine(_directory, "none.csv"))).Ends(1).Error.ShouldContain("cannot be read");
        var bad = Path.Combine(_directory, "bad.csv");
        await File.WriteAllTextAsync(bad, "guest\nx\n", Token);
        (await Shell.AgainstAsync(world.Dashboard, "wave", "import", bad, "--name", "x")).Ends(1).Error.ShouldContain("source_host is missing");
    }
}
