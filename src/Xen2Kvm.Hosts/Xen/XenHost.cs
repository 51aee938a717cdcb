using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Preflight;
using Xen2Kvm.Engine.Ports;
namespace Xen2Kvm.Hosts.Xen;
internal sealed class XenHost(IRemoteShell shell, TimeProvider time) : IXenHost
{
    public Task<HostSnapshot> TakeInventoryAsync(CancellationToken cancellationToken) => throw new NotImplementedException(shell.HostName + time);
    public Task<DomainState> GetStateAsync(string guest, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task RequestShutdownAsync(string guest, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task DestroyAsync(string guest, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task StartAsync(string guest, string configPath, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<SourceLock?> GetLockAsync(string guest, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<SourceLock> LockAsync(string guest, string? configPath, Guid runId, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task UnlockAsync(SourceLock sourceLock, CancellationToken cancellationToken) => throw new NotImplementedException();
    public Task<KernelCapabilities?> ReadKernelAsync(string kernelPath, string? ramdiskPath, CancellationToken cancellationToken) => throw new NotImplementedException();
}
