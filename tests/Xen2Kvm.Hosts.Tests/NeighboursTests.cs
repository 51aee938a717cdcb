using Xen2Kvm.Hosts.Scripts;

namespace Xen2Kvm.Hosts.Tests;

/// <summary>Finding addresses of guests through what a host sees of its networks.</summary>
public sealed class NeighboursTests : IDisposable
{
    private const string Mac = "00:16:3e:77:00:31";
    private readonly LocalShell _shell = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_host_knows_already_is_not_asked_again()
    {
        _shell.Program("ip", "echo asked >>ROOT/asked");
        var found = await Neighbours.FindAsync(_shell, [$"10.77.0.31 dev br0 lladdr {Mac.ToUpperInvariant()} STALE"], [Mac], Cancel);
        found[Mac].ShouldBe(["10.77.0.31"]);
        File.Exists(_shell.In("asked")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_it_does_not_know_is_asked_once_an_hour_for_the_same_guests()
    {
        _shell.Program("ip", $"[ \"$1\" = neigh ] && echo '10.77.0.31 dev br0 lladdr {Mac} REACHABLE' && echo '10.77.0.9 dev br0 FAILED'");
        (await Neighbours.FindAsync(_shell, [], [Mac], Cancel))[Mac].ShouldBe(["10.77.0.31"]);
        _shell.Program("ip", "exit 0");
        (await Neighbours.FindAsync(_shell, [], [Mac], Cancel))[Mac].ShouldBe(["10.77.0.31"], "the answer is kept");
        (await Neighbours.FindAsync(_shell, [], [Mac, "00:16:3e:00:00:02"], Cancel))[Mac].ShouldBeEmpty("another question is put anew");
    }

    public void Dispose() => _shell.Dispose();
}
