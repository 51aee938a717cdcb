using Xen2Kvm.Domain.Waves;

namespace Xen2Kvm.Engine.Ports;

/// <summary>What the engine must know of the people who use it.</summary>
public interface IPeople
{
    /// <summary>
    /// Why a person may not approve at this moment, as a sentence; null when they may: the account is enabled, and has the role Approver
    /// for everything, on the wave, or on every host that the wave touches. Without a wave only the role for everything counts.
    /// </summary>
    Task<string?> WhyNotApproveAsync(string userName, Wave? wave, CancellationToken cancellationToken);
}
