using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Tests.Support;

namespace Xen2Kvm.Guests.Tests.Appliance;

public sealed class GuestConverterTests
{
    private readonly FakeAppliance host = new();
    private readonly List<string> lines = [];

    [Fact]
    public async Task An_appliance_that_dies_is_started_once_more_from_the_beginning()
    {
        host.Answer = words => words[0] == "list-filesystems" && host.Launches.Count == 1 ? ("", "lost") : ("", null);
        var outcome = await ConvertAsync(Support.Guests.Whole(100));
        host.Launches.Count.ShouldBe(2);
        host.Stops.ShouldBe(2);
        lines.ShouldContain(line => line.Contains("Starting again", StringComparison.Ordinal));
        outcome.Concerns.ShouldHaveSingleItem().Severity.ShouldBe(Severity.Blocker);
    }

    [Fact]
    public async Task An_appliance_that_dies_twice_is_a_transient_fault()
    {
        host.Answer = words => words[0] == "list-filesystems" ? ("", "lost") : ("", null);
        (await Should.ThrowAsync<RemoteException>(() => ConvertAsync(Support.Guests.Whole(100)))).IsTransient.ShouldBeTrue();
        host.Stops.ShouldBe(2);
    }

    [Fact]
    public async Task A_disk_without_linux_is_a_blocker_that_names_what_was_found()
    {
        host.Answer = words => words[0] switch
        {
            "list-filesystems" => ("/dev/sda1: ntfs\n", null),
            "vfs-uuid" => ("01D0\n", null),
            _ => ("", null),
        };
        var outcome = await ConvertAsync(Support.Guests.Whole(100));
        outcome.Concerns.ShouldHaveSingleItem().Evidence.ShouldBe("/dev/sda1: ntfs");
        outcome.Changes.ShouldBeEmpty();
        host.Uploads.ShouldBeEmpty();
    }

    [Fact]
    public async Task Table_and_swap_are_written_before_anything_is_looked_at_and_only_where_they_differ()
    {
        await ConvertAsync(Support.Guests.Files());
        host.Commands.ShouldContain(command => command.StartsWith("upload-offset", StringComparison.Ordinal) && command.EndsWith("/dev/sda 440", StringComparison.Ordinal));
        host.Commands.ShouldContain($"mkswap /dev/sda3 label:files-swap uuid:{Support.Guests.SwapUuid}");
        var table = host.Uploads.Values.Single();

        var again = new FakeAppliance
        {
            Answer = words => words[0] switch
            {
                "vfs-type" => ("swap\n", null),
                "vfs-uuid" => (Support.Guests.SwapUuid, null),
                "vfs-label" => ("files-swap\n", null),
                _ => ("", null),
            },
            Bytes = words => words[0] == "pread-device" ? table : null,
        };
        await ConvertAsync(Support.Guests.Files(), again);
        again.Uploads.ShouldBeEmpty();
        again.Commands.ShouldNotContain(command => command.StartsWith("mkswap", StringComparison.Ordinal) || command.StartsWith("upload", StringComparison.Ordinal));
    }

    private Task<ConversionOutcome> ConvertAsync((Xen2Kvm.Domain.Inventory.Guest Source, TargetGuest Target) guest, FakeAppliance? shell = null) => new GuestConverter(new()).ConvertAsync(
        shell ?? host,
        new() { RunId = Guid.NewGuid(), Source = guest.Source, Target = guest.Target, Disks = [new("/disk", DiskFormat.Raw, guest.Target.Disks[0])], Assess = _ => [], WorkDirectory = "/work" },
        new Progress(lines.Add),
        TestContext.Current.CancellationToken);
}
