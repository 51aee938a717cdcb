using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Tests;

public sealed class InventoryWorkerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 2, 0, 0, TimeSpan.Zero);

    /// <summary>A run from xen1 to kvm1 ended 180 s ago.</summary>
    [Theory]
    [InlineData("xen1", null, null, true)]
    [InlineData("xen1", 660, null, true)]
    [InlineData("xen1", 240, null, true)]
    [InlineData("kvm1", 240, 300, true)]
    [InlineData("xen2", 240, null, false)]
    [InlineData("xen1", 120, null, false)]
    [InlineData("xen1", 240, 59, false)]
    [InlineData("xen1", 240, 60, true)]
    [InlineData("xen1", null, 59, false)]
    [InlineData("xen1", 3600, 59, false)]
    [InlineData("xen2", -3600, null, true)]
    public void Hosts_are_looked_at_again_when_time_has_passed_or_a_run_on_them_has_ended_though_at_most_once_a_minute(
        string host, int? secondsSinceSeen, int? secondsSinceLook, bool due) =>
        InventoryWorker.IsDue(
            new Host
            {
                Id = Guid.NewGuid(), Name = host, Kind = HostKind.Xen, Ssh = new SshEndpoint { Address = "10.0.0.1" }, LastSeenAt = Ago(secondsSinceSeen),
            },
            secondsSinceLook is { } look ? TimeSpan.FromSeconds(look) : null, [new RunEnd("xen1", "kvm1", Now - TimeSpan.FromMinutes(3))], Now).ShouldBe(due);

    private static DateTimeOffset? Ago(int? seconds) => seconds is { } known ? Now - TimeSpan.FromSeconds(known) : null;
}
