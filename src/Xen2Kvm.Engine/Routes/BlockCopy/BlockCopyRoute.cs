using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>
/// Cold block copy: the guest is shut down, its disks are copied from host to host, verified, made bootable, and the guest is started and
/// proven on KVM. The source's disks are only read; until the guest is proven, and after, it can be put back.
/// </summary>
public sealed class BlockCopyRoute(IGuestConverter converter, IEnumerable<IDiskRule> diskRules, IOptions<RunOptions> options) : IRoute
{
    /// <inheritdoc/>
    public string Id => "block-copy";

    /// <inheritdoc/>
    public string Name => "Block copy, guest stopped";

    /// <inheritdoc/>
    public IReadOnlyList<IStep> Steps { get; } =
    [
        new CheckStep(options.Value),
        new AllocateStep(),
        new StopGuestStep(),
        new CopyStep(),
        new VerifyStep(),
        new ConvertStep(converter, [.. diskRules]),
        new DefineStep(),
        new StartStep(),
        new ProveStep(),
        new FinishStep(),
    ];
}
