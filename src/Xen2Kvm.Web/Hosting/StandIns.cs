using Microsoft.Extensions.DependencyInjection.Extensions;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Host = Xen2Kvm.Domain.Inventory.Host;

namespace Xen2Kvm.Web.Hosting;

/// <summary>Stand in for hosts and guests until their projects register the real ones.</summary>
internal static class StandIns
{
    public static void AddStandIns(this IServiceCollection services)
    {
        services.TryAddSingleton<IHostConnector, NoConnector>();
        services.TryAddSingleton<IGuestConverter, NoConverter>();
    }

    private sealed class NoConnector : IHostConnector
    {
        public IRemoteShell Shell(Host host, ICommandLog? log = null) => throw Not(host.Name);

        public IXenHost Xen(IRemoteShell shell) => throw Not("");

        public IKvmHost Kvm(IRemoteShell shell) => throw Not("");

        public Task<HostKeyOffer> ScanHostKeyAsync(SshEndpoint endpoint, CancellationToken cancellationToken) =>
            Task.FromResult(new HostKeyOffer("ssh-ed25519 AAAA", "SHA256:standin"));

        public Task<IReadOnlyList<HostCheck>> TestAsync(Host host, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<HostCheck>>([new("SSH connection", false, "not built in yet")]);

        private static RemoteException Not(string host) => new(RemoteFailure.Unreachable, host, "Hosts are not built in yet.");
    }

    private sealed class NoConverter : IGuestConverter
    {
        public Task<ConversionOutcome> ConvertAsync(
            IRemoteShell kvmHost, ConversionRequest request, IProgress<string> progress, CancellationToken cancellationToken) =>
            throw new RemoteException(RemoteFailure.Unreachable, "", "Guests are not built in yet.");
    }
}
