using System.Text.Json;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Ways to the lab's hosts: password and sudo, jump hosts, changed keys, a host that goes away.</summary>
[Collection(LabCollection.Name)]
public sealed class AccessTests(LabFixture lab)
{
    private const int OtherPort = 2222;

    [Theory]
    [InlineData("xen1")]
    [InlineData("kvm1")]
    public async Task An_account_with_password_and_sudo_sees_what_root_sees_and_its_password_is_nowhere(string name)
    {
        var host = lab.Hosts[name];
        var mover = $"{name}-mover";
        using var watch = new ProcessWatch(host.Password);
        try
        {
            (await AddAsync(host, mover, host.Password)).Ok();
            var checks = (await lab.JsonAsync("host", "test", mover)).EnumerateArray().ToList();
            Check(checks, "SSH connection").GetProperty("result").GetString()!.ShouldSatisfyAllConditions(
                result => result.ShouldContain($"connected to {host.Address} port 22 as {host.User}"), result => result.ShouldContain(host.Fingerprint));
            Check(checks, "Root").GetProperty("result").GetString().ShouldBe("through sudo");

            // The lab's KVM host may be one without KVM; every other check holds.
            checks.Where(check => check.GetProperty("passed").ValueKind != JsonValueKind.True).Select(check => check.GetProperty("name").GetString())
                .ShouldBeSubsetOf(["KVM"]);

            (await lab.Dashboard.X2kAsync("host", "refresh", mover)).Ok();
            (await lab.Dashboard.X2kAsync("host", "refresh", name)).Ok();
            (await SeenAsync(mover)).ShouldBe(await SeenAsync(name));
        }
        finally
        {
            await lab.Dashboard.X2kAsync("host", "remove", mover, "--yes");
        }

        await watch.StopAsync();
        watch.Looks.ShouldBeGreaterThan(10);
        watch.Seen.ShouldBeEmpty();
        FilesWith(lab.Dashboard.StateDirectory, host.Password).ShouldBeEmpty();
        Directory.EnumerateDirectories("/dev/shm", "x2k-ssh-*").SelectMany(Directory.EnumerateFiles).ShouldBeEmpty();
        (await LabFixture.OnAsync(name, $"grep -rlF '{host.Password}' /var/log /tmp /var/tmp /home || true")).Ok().Output.Trim().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_wrong_password_is_told_with_what_to_do()
    {
        try
        {
            (await AddAsync(lab.Hosts["kvm1"], "kvm1-wrong", "not the password")).Ok();
            var ended = await lab.Dashboard.X2kAsync("host", "test", "kvm1-wrong");
            ended.ExitCode.ShouldBe(1);
            ended.Output.ShouldContain("kvm1-wrong refused the password of mover");
            ended.Output.ShouldContain("Enter it again");
            ended.Output.ShouldContain("not tried, because an earlier check failed");
        }
        finally
        {
            await lab.Dashboard.X2kAsync("host", "remove", "kvm1-wrong", "--yes");
        }
    }

    [Theory]
    [InlineData("kvm1", "xen1")]
    [InlineData("xen1", "kvm1")]
    public async Task A_host_is_reached_through_the_other_one_with_the_keys_of_both_pinned(string name, string over)
    {
        var (host, jump) = (lab.Hosts[name], lab.Hosts[over]);
        string[] add =
        [
            "host", "add", $"{name}-far", "--kind", host.Kind, "--address", host.Address, "--key", host.PrivateKey, "--jump", $"root@{jump.Address}", "--legacy",
            "--accept-fingerprint", host.Fingerprint,
        ];
        try
        {
            var refused = await lab.Dashboard.X2kAsync([.. add, "--accept-jump-fingerprint", host.Fingerprint]);
            refused.ExitCode.ShouldBe(1);
            refused.Error.ShouldContain($"the jump host root@{jump.Address} offers the key {jump.Fingerprint}, not {host.Fingerprint}");

            (await lab.Dashboard.X2kAsync([.. add, "--accept-jump-fingerprint", jump.Fingerprint])).Ok();
            (await lab.Dashboard.X2kAsync("host", "refresh", $"{name}-far")).Ok();
            (await lab.Dashboard.X2kAsync("host", "refresh", name)).Ok();
            (await SeenAsync($"{name}-far")).ShouldBe(await SeenAsync(name));
            (await LabFixture.OnAsync(name, "ss -Htn state established '( sport = :22 )'")).Ok().Output.ShouldContain($"{jump.Address}:");
        }
        finally
        {
            await lab.Dashboard.X2kAsync("host", "remove", $"{name}-far", "--yes");
        }
    }

    [Fact]
    public async Task A_changed_host_key_stops_everything_and_says_which_host_and_which_keys()
    {
        var (kvm1, xen1) = (lab.Hosts["kvm1"], lab.Hosts["xen1"]);
        var before = await OtherSshdAsync("a");
        try
        {
            (await lab.Dashboard.X2kAsync(
                "host", "add", "swapped", "--kind", "kvm", "--address", kvm1.Address, "--port", $"{OtherPort}", "--key", kvm1.PrivateKey, "--accept-fingerprint", before)).Ok();
            (await lab.Dashboard.X2kAsync(
                "host", "add", "behind", "--kind", "xen", "--address", xen1.Address, "--key", xen1.PrivateKey, "--jump", $"root@{kvm1.Address}:{OtherPort}",
                "--accept-fingerprint", xen1.Fingerprint, "--accept-jump-fingerprint", before)).Ok();
            (await lab.Dashboard.X2kAsync("host", "refresh", "swapped")).Ok();

            var after = await OtherSshdAsync("b");
            var refused = await lab.Dashboard.X2kAsync("host", "refresh", "swapped");
            refused.ExitCode.ShouldBe(1);
            refused.Error.ShouldContain($"swapped ({kvm1.Address} port {OtherPort}) showed the host key {after}, but {before} was confirmed for it, so nothing was sent");
            refused.Error.ShouldContain("x2k host change swapped");

            var behind = await lab.Dashboard.X2kAsync("host", "test", "behind");
            behind.ExitCode.ShouldBe(1);
            behind.Output.ShouldContain($"The jump host root@{kvm1.Address}:{OtherPort} on the way to behind showed the host key {after}, but {before} was confirmed for it");

            (await lab.Dashboard.X2kAsync("host", "change", "swapped", "--accept-fingerprint", before)).ExitCode.ShouldBe(1);
            (await lab.Dashboard.X2kAsync("host", "change", "swapped", "--accept-fingerprint", after)).Ok();
            (await lab.Dashboard.X2kAsync("host", "refresh", "swapped")).Ok();
            (await lab.Dashboard.X2kAsync("host", "change", "behind", "--accept-fingerprint", xen1.Fingerprint, "--accept-jump-fingerprint", after)).Ok();
            Check((await lab.JsonAsync("host", "test", "behind")).EnumerateArray().ToList(), "SSH connection").GetProperty("passed").GetBoolean().ShouldBeTrue();
        }
        finally
        {
            await lab.Dashboard.X2kAsync("host", "remove", "swapped", "--yes");
            await lab.Dashboard.X2kAsync("host", "remove", "behind", "--yes");
            await LabFixture.OnAsync("kvm1", StopOtherSshd);
        }
    }

    [Fact]
    public async Task A_host_that_goes_away_keeps_its_last_known_guests_and_heals()
    {
        (await lab.Dashboard.X2kAsync("host", "refresh", "kvm1")).Ok();
        var guests = await SeenAsync("kvm1");
        var since = DateTimeOffset.UtcNow.AddSeconds(-1);
        await LinkAsync("down");
        try
        {
            var refused = await lab.Dashboard.X2kAsync("host", "refresh", "kvm1");
            refused.ExitCode.ShouldBe(1);
            refused.Error.ShouldContain("kvm1 cannot be reached at 10.77.0.20 port 22");
            var host = (await lab.JsonAsync("host", "show", "kvm1")).GetProperty("host");
            host.GetProperty("unreachableSince").GetDateTimeOffset().ShouldBeInRange(since, DateTimeOffset.UtcNow);
            host.GetProperty("lastError").GetString()!.ShouldContain("Check that it is switched on");
            (await SeenAsync("kvm1")).ShouldBe(guests);
        }
        finally
        {
            await LinkAsync("up");
        }

        (await lab.Dashboard.X2kAsync("host", "refresh", "kvm1")).Ok();
        (await lab.JsonAsync("host", "show", "kvm1")).GetProperty("host").GetProperty("unreachableSince").ValueKind.ShouldBe(JsonValueKind.Null);
        (await SeenAsync("kvm1")).ShouldBe(guests);

        static async Task LinkAsync(string state) =>
            (await Programs.RunAsync("ip", ["netns", "exec", "x2k-kvm1", "ip", "link", "set", "eth0", state])).Ok();
    }

    private const string StopOtherSshd = "if [ -s /run/other-sshd.pid ]; then p=$(cat /run/other-sshd.pid); pkill -P $p; kill $p; rm -f /run/other-sshd.pid; fi; true";

    /// <summary>Starts a second sshd on kvm1 with a key of its own, in place of the one before. Returns the key's fingerprint.</summary>
    private static async Task<string> OtherSshdAsync(string key) => (await LabFixture.OnAsync("kvm1", $"""
        {StopOtherSshd}
        rm -f /run/other-{key} /run/other-{key}.pub
        ssh-keygen -q -t ed25519 -N '' -f /run/other-{key}
        /usr/sbin/sshd -p {OtherPort} -h /run/other-{key} -o PidFile=/run/other-sshd.pid
        while ! [ -s /run/other-sshd.pid ]; do sleep 0.1; done
        ssh-keygen -lf /run/other-{key}.pub | cut -d ' ' -f 2
        """)).Ok().Output.Trim();

    private Task<Ended> AddAsync(LabHost host, string name, string password) => lab.Dashboard.X2kWithInputAsync(
        password + "\n", "host", "add", name, "--kind", host.Kind, "--address", host.Address, "--user", host.User, "--password-stdin", "--sudo",
        "--accept-fingerprint", host.Fingerprint);

    /// <summary>What must be the same whoever looked: the guests with their disks, and the host's storage and bridges.</summary>
    private async Task<IReadOnlyList<string>> SeenAsync(string host)
    {
        var guests = (await lab.JsonAsync("guest", "list", "--host", host)).EnumerateArray().Select(seen => seen.GetProperty("guest"));
        var facts = (await lab.JsonAsync("host", "show", host)).GetProperty("facts");
        return
        [
            .. guests.Select(guest => Words(guest, "name", "power", "boot", "disks")),
            .. facts.GetProperty("storage").EnumerateArray().Select(storage => Words(storage, "kind", "name", "sizeBytes")),
            Words(facts, "bridges", "hypervisor"),
        ];

        static string Words(JsonElement of, params string[] names) => string.Join(' ', names.Select(name => JsonSerializer.Serialize(of.GetProperty(name))));
    }

    private static JsonElement Check(List<JsonElement> checks, string name) => checks.Single(check => check.GetProperty("name").GetString() == name);

    private static List<string> FilesWith(string directory, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Where(path =>
        {
            try
            {
                using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var content = new byte[file.Length];
                return content.AsSpan(0, file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)).IndexOf(bytes) >= 0;
            }
            catch (IOException)
            {
                // Gone, or a socket.
                return false;
            }
        })];
    }
}
