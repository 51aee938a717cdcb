using System.Text.Json;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Real guests of a real Xen host moved to a real libvirt host, and back.</summary>
[Collection(LabCollection.Name)]
[TestCaseOrderer(typeof(ByName))]
public sealed class MigrationTests(LabFixture lab)
{
    private const string Checksums = "cd /srv/data && sha256sum --quiet -c SHA256SUMS && hostname";

    /// <summary>Slow enough that each mishap meets a copy at work, in MB/s.</summary>
    private const string Slow = "0.5";

    [Fact]
    public async Task Test1_a_guest_without_partition_table_and_boot_loader_moves_although_everything_breaks_meanwhile_and_comes_back()
    {
        const string guest = "files";

        // A pool that others can fill up.
        (await LabFixture.OnAsync("kvm1", "mkdir -p /srv/small && mount -t tmpfs -o size=4G tmpfs /srv/small && virsh -q pool-create-as small dir --target /srv/small")).Ok();
        (await lab.Dashboard.X2kAsync("host", "refresh", "kvm1")).Ok();

        // Slow while the mishaps last.
        await using var anna = await Person.OpenAsync(lab.Dashboard);
        await anna.EnterAsync();
        await anna.LimitAsync("xen1", Slow);

        // It waits while nothing may run, and refuses to shut down at first.
        (await LabFixture.OnAsync(guest, "mount --bind /bin/true $(readlink -f /sbin/poweroff)")).Ok();
        await anna.ForbidRunsAsync();
        await lab.StartMoveAsync(guest, "10.77.0.31", "--storage", "small", "--shutdown-timeout", "20");
        await anna.ExpectRunAsync(guest, "waits: no run may start anywhere");
        await anna.UnlimitAsync("everywhere: no run starts");
        var asking = await lab.EndOfRunAsync(guest, "NeedsAnswer");
        asking.GetProperty("question").GetProperty("text").GetString()!.ShouldContain("it is running there");
        (await LabFixture.OnAsync(guest, "umount $(readlink -f /sbin/poweroff)")).Ok();
        await Wait.UntilAsync($"{guest} is down", TimeSpan.FromMinutes(10), async () =>
        {
            // An emulated guest may need longer than the short time it is given, and is then asked again.
            var now = await lab.RunOfAsync(guest);
            if (now.GetProperty("state").GetString() == "NeedsAnswer")
            {
                (await lab.Dashboard.X2kAsync("run", "answer", guest, "wait")).Ok();
            }

            return Step(now, "stop").GetProperty("state").GetString() == "Done";
        });

        await CopiedAsync(guest, 1);
        foreach (var verb in new[] { "reset", "down" })
        {
            var pulled = await LabFixture.LabAsync(verb);
            pulled.ExitCode.ShouldNotBe(0);
            pulled.Error.ShouldContain($"{verb} would break it");
        }

        await lab.Dashboard.KillAsync();
        await lab.Dashboard.StartAsync();

        // The sender, the receiver, and the line between them.
        await KilledAsync("xen1", "x2k-agent.* run");
        await MoreCopiedAsync(guest);
        await KilledAsync("kvm1", "x2k-agent.* receive");
        await MoreCopiedAsync(guest);
        await LabFixture.CutOffAsync("x2k-kvm1", TimeSpan.FromSeconds(8));
        await MoreCopiedAsync(guest);

        // What a broken disk does to a block that was durable already.
        (await LabFixture.OnAsync("kvm1", "printf garbage | dd of=/srv/small/files-vda.raw bs=1 seek=3145728 conv=notrunc status=none")).Ok();

        // The target fills up half way.
        (await LabFixture.OnAsync("kvm1", "fallocate -l $(($(df --output=avail -B1 /srv/small | tail -n 1) - 8388608)) /srv/small/filler")).Ok();
        var full = await lab.EndOfRunAsync(guest, "Failed");
        full.GetProperty("error").GetString()!.ShouldContain("No space left");
        (await LabFixture.OnAsync("kvm1", "rm /srv/small/filler")).Ok();
        (await lab.Dashboard.X2kAsync("run", "resume", guest)).Ok();

        // A person stops it, and goes on.
        await Wait.UntilAsync("the copy goes on", TimeSpan.FromMinutes(2), async () => (await LabFixture.OnAsync("xen1", "pgrep -f 'x2k-agent.* run'")).ExitCode == 0);
        (await lab.Dashboard.X2kAsync("run", "stop", guest)).Ok();
        Step(await lab.EndOfRunAsync(guest, "Stopped"), "copy").GetProperty("state").GetString().ShouldBe("Pending", "the copy was met at work");
        (await LabFixture.OnAsync("xen1", "pgrep -f 'x2k-agent.* run'")).ExitCode.ShouldBe(1, "a stopped run leaves nothing at work");
        await anna.UnlimitAsync($"xen1: {Slow} MB/s");
        (await lab.Dashboard.X2kAsync("run", "resume", guest)).Ok();

        var run = await lab.EndOfRunAsync(guest, "Succeeded");
        Step(run, "copy").GetProperty("state").GetString().ShouldBe("Done");
        using var verified = JsonDocument.Parse(Step(run, "verify").GetProperty("output").GetString()!);
        var disks = verified.RootElement.GetProperty("disks").EnumerateArray().ToList();
        disks.ShouldAllBe(disk => disk.GetProperty("rootHash").GetString()!.Length > 0);
        disks.Sum(disk => disk.GetProperty("repairedBytes").GetInt64()).ShouldBeGreaterThan(0, "the broken block was found and copied again");

        await WorksOnKvmAsync(guest, "00:16:3e:77:00:31");
        await RebootsAsync(guest);
        (await LabFixture.OnAsync(guest, "cat /sys/class/net/enX0/address")).Ok().Output.Trim().ShouldBe("00:16:3e:77:00:31");
        (await LabFixture.OnAsync("xen1", "ls /etc/xen /etc/xen/auto")).Ok().Output.Split('\n').ShouldNotContain("files.cfg");

        (await lab.Dashboard.X2kAsync("run", "rollback", guest, "--delete-target", "--yes")).Ok();
        await lab.EndOfRunAsync(guest, "RolledBack");
        await BackOnXenAsync(guest);
        (await LabFixture.OnAsync("xen1", "ls /etc/xen/auto")).Ok().Output.Split('\n').ShouldContain("files.cfg");
        (await LabFixture.OnAsync("kvm1", "virsh -q list --all --name; ls /srv/small")).Ok().Output.ShouldNotContain(guest);
    }

    [Fact]
    public async Task Test2_a_wave_of_three_guests_is_approved_by_two_others_runs_in_its_window_and_rolls_back_the_one_that_somebody_starts_on_xen()
    {
        await using var anna = await Person.OpenAsync(lab.Dashboard);
        await anna.EnterAsync();
        await anna.LookAtAsync("overview", "/");
        await anna.LookAtAsync("hosts", "/hosts");
        await anna.LookAtAsync("guests", "/guests");
        await anna.LookAtAsync("guest", "/guests/xen1/web");
        await anna.LookAtAsync("plan-new", "/plans/new?host=xen1&guest=web");
        await using var petra = await Person.OpenAsync(lab.Dashboard);
        await petra.AcceptInvitationAsync(await anna.InviteAsync("petra", "Approver"));
        await using var paul = await Person.OpenAsync(lab.Dashboard);
        await paul.AcceptInvitationAsync(await anna.InviteAsync("paul", "Approver"));

        // Planned together from a sheet; web waits for old, and files is copied so slowly that there is time to start it on Xen meanwhile.
        var wave = await anna.PlanWaveAsync("Friday", """
            source_host,guest,target_host,storage,format,ping,tcp_port,prove_within_s,shutdown_timeout_s,rate_limit_bytes_per_s,after
            xen1,files,kvm1,default,raw,10.77.0.31,80,600,900,500000,
            xen1,old,kvm1,default,qcow2,10.77.0.33,80,600,900,,
            xen1,web,kvm1,default,raw,10.77.0.32,80,600,900,,old
            """);
        await anna.AcceptAndSubmitAsync("the lab has no KVM");

        // Somebody edits a guest's configuration between submission and approval: nothing starts.
        (await LabFixture.OnAsync("xen1", "cp /etc/xen/old.cfg /root/old.cfg.before && sed -i 's/^memory *=.*/memory = 300/' /etc/xen/old.cfg")).Ok();
        await petra.ApproveAsync(wave);
        await paul.ApproveAsync(wave);
        await anna.ExpectDriftAsync("old");
        (await lab.Dashboard.GetAsync("runs?most=20")).EnumerateArray().ShouldAllBe(run => run.GetProperty("waveId").ValueKind == JsonValueKind.Null);
        (await LabFixture.OnAsync("xen1", "mv /root/old.cfg.before /etc/xen/old.cfg")).Ok();

        await anna.SubmitAgainAsync();
        var rehearsals = (await lab.JsonAsync("wave", "rehearse", "Friday")).EnumerateArray().ToList();
        rehearsals.ShouldAllBe(one => one.GetProperty("problem").ValueKind == JsonValueKind.Null);
        await petra.ApproveAsync(wave);
        (await lab.Dashboard.GetAsync($"waves/{wave}")).GetProperty("wave").GetProperty("state").GetString().ShouldBe("Submitted", "one of two has approved it");
        await paul.ApproveAsync(wave);
        await Wait.UntilAsync("the wave has started files", TimeSpan.FromMinutes(5), async () =>
            (await lab.Dashboard.GetAsync("runs?most=20")).EnumerateArray().Any(run => run.GetProperty("waveId").ValueKind == JsonValueKind.String && run.GetProperty("guestName").GetString() == "files"));
        await CopiedAsync("files", 1);
        await anna.LookAtAsync("wave", $"/waves/{wave}");
        await anna.LookAtAsync("run", $"/runs/{(await lab.RunOfAsync("files")).GetProperty("id").GetString()}");
        (await LabFixture.OnAsync("xen1", "xl create -q /etc/xen/files.cfg.locked-by-xen2kvm")).Ok();
        await lab.EndOfWaveAsync(wave);
        var states = (await lab.Dashboard.GetAsync($"waves/{wave}")).GetProperty("plans").EnumerateArray()
            .ToDictionary(plan => plan.GetProperty("guest").GetString()!, plan => plan.GetProperty("state").GetString());
        states.ShouldBe(new Dictionary<string, string?> { ["files"] = "RolledBack", ["old"] = "Proven", ["web"] = "Proven" }, ignoreOrder: true);

        (await LabFixture.OnAsync("kvm1", "virsh -q list --all --name")).Ok().Output.Split('\n').ShouldNotContain("files", "it never runs twice");
        await RanAsRehearsedAsync("web", rehearsals.Single(one => one.GetProperty("guest").GetString() == "web"));
        var (old, web) = (await lab.RunOfAsync("old"), await lab.RunOfAsync("web"));
        web.GetProperty("createdAt").GetDateTimeOffset().ShouldBeGreaterThan(old.GetProperty("finishedAt").GetDateTimeOffset(), "web waits for the proof of old");
        await Task.WhenAll(BackOnXenAsync("files"), WorksOnKvmAsync("web", "00:16:3e:77:00:32"), WorksOnKvmAsync("old", "00:16:3e:77:00:33"));
        await Task.WhenAll(RebootsAsync("web"), RebootsAsync("old"));

        await anna.LookAtAsync("wave-done", $"/waves/{wave}");
        await anna.LookAtAsync("wave-timeline", $"/waves/{wave}?tab=timeline");
        await anna.LookAtAsync("plan", $"/plans/{web.GetProperty("planId").GetString()}");
        await anna.LookAtAsync("run-done", $"/runs/{web.GetProperty("id").GetString()}");
        await anna.ReadReportAsync(wave, "by petra", "by paul", "somebody started it there", "rolled back by wave Friday", "login prompt on the console: yes");
    }

    [Fact]
    public async Task Test3_what_a_moved_guest_left_on_xen_is_approved_by_another_person_and_deleted_while_it_runs_on_kvm()
    {
        const string guest = "web";
        if (!(await lab.Dashboard.GetAsync("cleanups/remains")).EnumerateArray().Any(one => one.GetProperty("guest").GetString() == guest))
        {
            await lab.StartMoveAsync(guest, "10.77.0.32", "--storage", "default");
            await lab.EndOfRunAsync(guest, "Succeeded");
        }

        const string left = "lvs --noheadings -o lv_name vg0; ls /etc/xen /var/lib/xen2kvm/locks";
        var before = (await LabFixture.OnAsync("xen1", left)).Ok().Output;
        before.ShouldContain("web-disk");
        before.ShouldContain("web.cfg.locked-by-xen2kvm");
        using var proposed = JsonDocument.Parse((await lab.Dashboard.X2kAsync("cleanup", "propose", "xen1", guest, "--json")).Ok().Output);
        var id = proposed.RootElement.GetProperty("id").GetGuid();
        (await lab.Dashboard.X2kAsync("cleanup", "approve", guest)).ExitCode.ShouldBe(1, "an operator, and the one who proposed it");
        (await lab.Dashboard.X2kAsync("cleanup", "run", guest, "--delete", "--confirm", guest)).Error.ShouldContain("not approved");

        // Somebody mounts the volume, or maps it: it is in use and stays, and the approval is void.
        await using var anna = await Person.OpenAsync(lab.Dashboard);
        await anna.EnterAsync();
        await anna.ApproveCleanupAsync(id);
        (await LabFixture.OnAsync("xen1", "losetup /dev/loop7 /dev/vg0/web-disk")).Ok();
        (await lab.Dashboard.X2kAsync("cleanup", "run", guest, "--delete", "--confirm", guest)).Error.ShouldContain("holds it open");
        (await LabFixture.OnAsync("xen1", "losetup -d /dev/loop7")).Ok();
        (await lab.Dashboard.X2kAsync("cleanup", "look", guest)).Ok();
        await anna.ApproveCleanupAsync(id);

        var dry = (await lab.Dashboard.X2kAsync("cleanup", "run", guest)).Ok().Output;
        dry.ShouldContain("lvremove -q -y vg0/web-disk");
        (await LabFixture.OnAsync("xen1", left)).Ok().Output.ShouldBe(before, "a dry run changes nothing");
        (await lab.Dashboard.X2kAsync("cleanup", "run", guest, "--delete", "--confirm", guest)).Ok().Output.ShouldContain("Done");
        await anna.LookAtAsync("cleanup-done", $"/cleanup/{id}");
        await anna.LookAtAsync("cleanup-list", "/cleanup");

        var after = (await LabFixture.OnAsync("xen1", left)).Ok().Output;
        after.ShouldNotContain("web");
        foreach (var other in new[] { "files-root", "files-var", "files-swap" })
        {
            after.ShouldContain(other);
        }

        (await lab.Dashboard.X2kAsync("run", "rollback", guest, "--delete-target", "--yes")).Error.ShouldContain("nothing to roll back to");
        await WorksOnKvmAsync(guest, "00:16:3e:77:00:32");
        await RebootsAsync(guest);
    }

    /// <summary>Same data, name, MAC and address on KVM, and not on Xen.</summary>
    private static async Task WorksOnKvmAsync(string guest, string mac)
    {
        (await LabFixture.OnAsync(guest, Checksums)).Ok().Output.Trim().ShouldBe(guest);
        (await LabFixture.OnAsync("kvm1", $"virsh -q domiflist {guest}")).Ok().Output.ShouldContain(mac);
        (await LabFixture.OnAsync("xen1", "xl list | awk '{print $1}'")).Ok().Output.Split('\n').ShouldNotContain(guest);
        (await LabFixture.OnAsync(guest, "cat /sys/hypervisor/type 2>/dev/null; true")).Ok().Output.ShouldNotContain("xen");
    }

    /// <summary>It comes up by itself once more, with its data.</summary>
    private static async Task RebootsAsync(string guest)
    {
        var before = (await LabFixture.OnAsync(guest, "cat /proc/sys/kernel/random/boot_id")).Ok().Output.Trim();
        await LabFixture.OnAsync(guest, "reboot");
        await Wait.UntilAsync($"{guest} has rebooted", TimeSpan.FromMinutes(10), async () =>
            await LabFixture.OnAsync(guest, "cat /proc/sys/kernel/random/boot_id") is { ExitCode: 0 } after && after.Output.Trim() != before);
        (await LabFixture.OnAsync(guest, Checksums)).Ok().Output.Trim().ShouldBe(guest);
    }

    private static async Task BackOnXenAsync(string guest)
    {
        await Wait.UntilAsync($"{guest} answers on Xen", TimeSpan.FromMinutes(10), async () => (await LabFixture.OnAsync(guest, "true")).ExitCode == 0);
        (await LabFixture.OnAsync(guest, Checksums)).Ok();
        (await LabFixture.OnAsync("xen1", "xl list | awk '{print $1}'")).Ok().Output.Split('\n').ShouldContain(guest);
    }

    /// <summary>Kills a process, as soon as there is one: what was killed before it is only being started again.</summary>
    private static Task KilledAsync(string machine, string command) => Wait.UntilAsync($"{command} on {machine} is killed", TimeSpan.FromMinutes(2), async () =>
        (await LabFixture.OnAsync(machine, $"pkill -KILL -f '{command}'")).ExitCode == 0);

    private Task CopiedAsync(string guest, double percent) =>
        Wait.UntilAsync($"{percent:0.#} % of {guest} are copied", TimeSpan.FromMinutes(15), async () => await PercentAsync(guest) >= percent);

    /// <summary>Waits until the copy has gone on, by more than what may have been on its way.</summary>
    private async Task MoreCopiedAsync(string guest) => await CopiedAsync(guest, await PercentAsync(guest) + 0.5);

    private async Task<double> PercentAsync(string guest)
    {
        var run = await lab.RunOfAsync(guest);
        run.GetProperty("state").GetString().ShouldBeOneOf(["Queued", "Running"], run.ToString());
        Step(run, "copy").GetProperty("state").GetString().ShouldBeOneOf(["Pending", "Running"], "the copy was to be met at work");
        return Step(run, "copy").TryGetProperty("progress", out var progress) && progress is { ValueKind: JsonValueKind.Object }
            && progress.TryGetProperty("doneBytes", out var done) && done.ValueKind == JsonValueKind.Number
            ? done.GetInt64() * 100d / progress.GetProperty("totalBytes").GetInt64()
            : 0;
    }

    /// <summary>Whatever changes something on a host was told by the rehearsal before, and each of that was run.</summary>
    private async Task RanAsRehearsedAsync(string guest, JsonElement rehearsal)
    {
        var log = (await lab.Dashboard.X2kAsync("run", "log", guest, "--level", "Debug")).Ok().Output;
        var ran = WithoutIds(log);
        var told = rehearsal.GetProperty("steps").EnumerateArray().SelectMany(step => step.GetProperty("commands").EnumerateArray())
            .Where(command => command.GetProperty("exitCode").ValueKind == JsonValueKind.Null)
            .Select(command => $"{command.GetProperty("host").GetString()}$ {command.GetProperty("commandLine").GetString()}").ToList();
        told.Count.ShouldBeGreaterThan(8);

        // A file is written by a script of its own, and a key is new each time.
        foreach (var command in told.Where(line => !line.Contains("$ write ", StringComparison.Ordinal) && !line.Contains("made when the run starts", StringComparison.Ordinal)))
        {
            ran.ShouldContain(WithoutIds(command));
        }
    }

    private static string WithoutIds(string text) =>
        Regex.Replace(text, "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", "RUN");

    private static JsonElement Step(JsonElement run, string id) => run.GetProperty("steps").EnumerateArray().Single(step => step.GetProperty("id").GetString() == id);
}
