using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Engine.Routes.BlockCopy;

/// <summary>What most steps have in common: short work, nothing to stop, observed by probing.</summary>
internal abstract class StepBase : IStep
{
    public abstract string Id { get; }

    public virtual bool IsCutover => false;

    public virtual TimeSpan StallAfter => TimeSpan.FromMinutes(2);

    public abstract string Title(Plan plan);

    public abstract Task<StepOutcome> ProbeAsync(StepContext context, CancellationToken cancellationToken);

    public abstract Task<StepOutcome> StartAsync(StepContext context, CancellationToken cancellationToken);

    public virtual Task<StepOutcome> ObserveAsync(StepContext context, string handle, CancellationToken cancellationToken) =>
        ProbeAsync(context, cancellationToken);

    public virtual async Task<StepRehearsal> RehearseAsync(StepContext context, CancellationToken cancellationToken) =>
        StepRehearsal.Of(await StartAsync(context, cancellationToken).ConfigureAwait(false));

    public virtual Task StopAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task UndoAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
