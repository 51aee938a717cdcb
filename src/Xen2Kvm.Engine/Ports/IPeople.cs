namespace Xen2Kvm.Engine.Ports;

/// <summary>What the engine must know of the people who use it.</summary>
public interface IPeople
{
    /// <summary>Whether the account exists, is enabled, and may approve (role Approver or Admin) at this moment.</summary>
    Task<bool> MayApproveAsync(string userName, CancellationToken cancellationToken);
}
