using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Guests.Appliance;
using Xen2Kvm.Guests.Tests.Support;

namespace Xen2Kvm.Guests.Tests.Appliance;

/// <summary>A hand-run conversion of a real disk: set X2K_CONVERT to the disk, X2K_SHAPE to its shape, X2K_KERNEL and X2K_INITRD to what dom0 lent.</summary>
public sealed class HandRunConversion(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    [Trait("Category", "ByHand")]
    public async Task Converts_the_disk_of_the_environment()
    {
        var disk = Environment.GetEnvironmentVariable("X2K_CONVERT") ?? throw new InvalidOperationException("X2K_CONVERT is not set.");
        var shape = Environment.GetEnvironmentVariable("X2K_SHAPE") ?? "files";
        var (source, target) = shape switch
        {
            "files" => Support.Guests.Files(),
            "files-gpt" => Support.Guests.Files(table: PartitionTableKind.Gpt),
            "old" => Support.Guests.Files("sd"),
            _ => Support.Guests.Whole(new FileInfo(disk).Length >> 20),
        };
        var kernel = Environment.GetEnvironmentVariable("X2K_KERNEL");
        var initrd = Environment.GetEnvironmentVariable("X2K_INITRD");
        var request = new ConversionRequest
        {
            RunId = Guid.NewGuid(),
            Source = source,
            Target = target,
            Disks = [new(disk, disk.EndsWith(".qcow2", StringComparison.Ordinal) ? DiskFormat.Qcow2 : DiskFormat.Raw, target.Disks[0])],
            StagedKernel = kernel,
            StagedInitrd = initrd,
            KernelFileName = Path.GetFileName(kernel),
            InitrdFileName = Path.GetFileName(initrd),
            Assess = _ => [],
            WorkDirectory = disk + ".work",
        };
        var outcome = await new GuestConverter(new ApplianceOptions()).ConvertAsync(
            new LocalShell(), request, new Lines(line => output.WriteLine($"{DateTime.Now:HH:mm:ss} {line}")), TestContext.Current.CancellationToken);
        output.WriteLine(outcome.BootLoader);
        output.WriteLine(System.Text.Json.JsonSerializer.Serialize(outcome.Inspection, new System.Text.Json.JsonSerializerOptions { WriteIndented = true }));
        foreach (var concern in outcome.Concerns)
        {
            output.WriteLine(concern.ToString());
        }

        foreach (var change in outcome.Changes)
        {
            output.WriteLine($"{change.Path}: {change.Reason}\n{change.Diff}");
        }

        outcome.Concerns.ShouldNotContain(concern => concern.Severity == Severity.Blocker);
    }

    private sealed class Lines(Action<string> write) : IProgress<string>
    {
        public void Report(string value) => write(value);
    }
}
