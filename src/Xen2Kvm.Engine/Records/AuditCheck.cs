using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Engine.Records;

/// <summary>Checks the audit log's chain for everyone who asks: it is walked once at a time, however many ask meanwhile.</summary>
public sealed class AuditCheck(IAuditLog audit)
{
    private readonly Lock _lock = new();
    private Task<AuditVerdict>? _walk;

    /// <summary>What the last walk of this process found; null before the first.</summary>
    public AuditVerdict? Latest { get; private set; }

    /// <summary>Walks the chain, or waits for the walk that is under way.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the walk: others wait for it, too.</param>
    public Task<AuditVerdict> CheckAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_walk is null or { IsCompleted: true })
            {
                _walk = Task.Run(WalkAsync, CancellationToken.None);
            }

            return _walk.WaitAsync(cancellationToken);
        }
    }

    private async Task<AuditVerdict> WalkAsync() => Latest = await audit.VerifyAsync(CancellationToken.None).ConfigureAwait(false);
}
