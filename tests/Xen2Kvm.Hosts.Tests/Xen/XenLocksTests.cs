using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Xen;

namespace Xen2Kvm.Hosts.Tests.Xen;

/// <summary>Locking a guest on its source host, and taking it back, with the real script on real files.</summary>
public sealed class XenLocksTests : IDisposable
{
    private static readonly Guid Run = Guid.NewGuid();
    private static readonly Guid Other = Guid.NewGuid();
    private readonly LocalShell _shell = new();
    private readonly XenLocks _locks;
    private readonly string _config;
    private readonly string _link;

    public XenLocksTests()
    {
        _locks = new(_shell) { Directory = _shell.In("locks"), AutoDirectory = _shell.In("etc/auto") };
        _config = _shell.Write("etc/my guest's.cfg", "name = 'web'\n");
        Directory.CreateDirectory(_shell.In("etc/auto"));
        _link = _shell.In("etc/auto/web");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Locking_sets_config_and_autostart_aside_and_unlocking_puts_them_back()
    {
        File.CreateSymbolicLink(_link, "../my guest's.cfg");
        var made = await _locks.LockAsync("web", _config, Run, Cancel);
        made.ShouldBe(new("web", Run, _config, _config + ".locked-by-xen2kvm", _link, "../my guest's.cfg"));
        File.Exists(_config).ShouldBeFalse();
        new FileInfo(_link).LinkTarget.ShouldBeNull();
        File.ReadAllText(made.LockedConfigPath!).ShouldBe("name = 'web'\n");
        File.ReadAllText(made.LockedConfigPath + ".txt").ShouldContain($"run {Run}");
        (await _locks.FindAsync("web", Cancel)).ShouldBe(made);
        (await _locks.LockAsync("web", _config, Run, Cancel)).ShouldBe(made, "locking again changes nothing");
        await _locks.UnlockAsync(made, Cancel);
        await _locks.UnlockAsync(made, Cancel);
        File.ReadAllText(_config).ShouldBe("name = 'web'\n");
        new FileInfo(_link).LinkTarget.ShouldBe("../my guest's.cfg");
        (await _locks.FindAsync("web", Cancel)).ShouldBeNull();
        Directory.GetFiles(_shell.In("etc")).Length.ShouldBe(1, "no note is left");
        Directory.GetFiles(_shell.In("locks")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_runs_lock_is_respected()
    {
        var made = await _locks.LockAsync("web", _config, Run, Cancel);
        (await Refused(() => _locks.LockAsync("web", _config, Other, Cancel))).ShouldContain($"locked by run {Run}");
        (await Refused(() => _locks.UnlockAsync(made with { RunId = Other }, Cancel))).ShouldContain("stays locked");
        File.Exists(_config).ShouldBeFalse();
    }

    [Fact]
    public async Task A_plain_file_in_the_autostart_directory_is_kept_and_put_back()
    {
        var plain = _shell.Write("etc/auto/my guest's.cfg", "name = 'web'\n# a copy\n");
        var made = await _locks.LockAsync("web", _config, Run, Cancel);
        made.AutostartLink.ShouldBe(plain);
        made.AutostartTarget.ShouldBeNull();
        File.Exists(plain).ShouldBeFalse();
        await _locks.UnlockAsync(made, Cancel);
        File.ReadAllText(plain).ShouldContain("# a copy");
    }

    [Fact]
    public async Task A_config_in_the_autostart_directory_leaves_it_while_locked()
    {
        var config = _shell.Write("etc/auto/only", "name = 'only'\n");
        var made = await _locks.LockAsync("only", config, Run, Cancel);
        made.LockedConfigPath.ShouldBe(_shell.In("etc/only.locked-by-xen2kvm"));
        Directory.GetFiles(_shell.In("etc/auto")).ShouldBeEmpty();
        await _locks.UnlockAsync(made, Cancel);
        File.Exists(config).ShouldBeTrue();
    }

    [Fact]
    public async Task A_lock_cut_off_after_its_record_is_completed_or_taken_back()
    {
        File.CreateSymbolicLink(_link, _config);
        var made = await _locks.LockAsync("web", _config, Run, Cancel);
        File.Move(made.LockedConfigPath!, _config);
        File.CreateSymbolicLink(_link, _config);
        await _locks.UnlockAsync(made, Cancel);
        File.Exists(_config).ShouldBeTrue();
        File.Exists(_link).ShouldBeTrue();
        made = await _locks.LockAsync("web", _config, Run, Cancel);
        File.Move(made.LockedConfigPath!, _config);
        await _locks.LockAsync("web", _config, Run, Cancel);
        File.Exists(_config).ShouldBeFalse();
    }

    [Fact]
    public async Task A_new_config_beside_the_locked_one_is_never_overwritten()
    {
        var made = await _locks.LockAsync("web", _config, Run, Cancel);
        await File.WriteAllTextAsync(_config, "new", Cancel);
        (await Refused(() => _locks.UnlockAsync(made, Cancel))).ShouldContain("beside the locked one");
        (await Refused(() => _locks.LockAsync("web", _config, Run, Cancel))).ShouldContain("beside the locked one");
        File.ReadAllText(_config).ShouldBe("new");
    }

    [Fact]
    public async Task A_missing_config_is_refused_and_leaves_no_record()
    {
        (await Refused(() => _locks.LockAsync("web", _shell.In("etc/none.cfg"), Run, Cancel))).ShouldContain("is not there");
        (await _locks.FindAsync("web", Cancel)).ShouldBeNull();
        (await Refused(() => _locks.LockAsync("web", "relative.cfg", Run, Cancel))).ShouldContain("no absolute path");
    }

    [Fact]
    public async Task Two_autostart_entries_are_refused()
    {
        File.CreateSymbolicLink(_link, _config);
        File.CreateSymbolicLink(_link + "2", _config);
        (await Refused(() => _locks.LockAsync("web", _config, Run, Cancel))).ShouldContain("more than one entry");
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("a/b \"RunId\":\"x\" $(id)\nnew line")]
    [InlineData("é😀")]
    public async Task Hostile_names_stay_inside_the_directory_of_locks(string guest)
    {
        var made = await _locks.LockAsync(guest, null, Run, Cancel);
        made.ShouldBe(new(guest, Run, null, null, null, null));
        (await _locks.FindAsync(guest, Cancel)).ShouldBe(made);
        Directory.GetFiles(_shell.In("locks")).Length.ShouldBe(1);
        await _locks.UnlockAsync(made, Cancel);
        (await _locks.FindAsync(guest, Cancel)).ShouldBeNull();
        XenLocks.Key(new string('é', 300)).Length.ShouldBe(64);
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_stops_the_move()
    {
        _shell.Write("locks/web.json", "{");
        (await Refused(() => _locks.FindAsync("web", Cancel))).ShouldContain("cannot be read");
    }

    public void Dispose() => _shell.Dispose();

    private static async Task<string> Refused(Func<Task> act) => (await Should.ThrowAsync<RemoteException>(act)).Message;
}
