using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// Asks a host for its key with the ssh client itself: the same algorithms, the same jump host as later, and no way to authenticate is
/// tried. (ssh-keyscan knows no jump hosts.)
/// </summary>
internal sealed class HostKeyScanner(SshOptions options, SshRuntimeDirectory directory, TimeProvider time)
{
    /// <summary>The key that the host offers, ed25519 before ecdsa before rsa.</summary>
    /// <exception cref="RemoteException">It does not answer.</exception>
    public async Task<HostKeyOffer> ScanAsync(SshEndpoint endpoint, CancellationToken cancellationToken)
    {
        var name = endpoint.Address;
        SshArguments.Check(name, endpoint);
        var knownHosts = directory.WriteFile("k", "");
        try
        {
            using var process = SshProcess.Start(name, options.Program, SshArguments.Scan(endpoint, options, knownHosts));
            using var limit = new CancellationTokenSource(options.AnswerTimeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            process.CloseInput();
            string said;
            try
            {
                said = await process.Error.ReadToEndAsync(both.Token).ConfigureAwait(false);
                await process.WaitAsync(both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new RemoteException(RemoteFailure.Unreachable, name,
                    $"{name} cannot be reached at port {endpoint.Port}: it did not show its key within {options.AnswerTimeout.TotalSeconds:0} seconds.");
            }

            var words = (await File.ReadAllTextAsync(knownHosts, cancellationToken).ConfigureAwait(false)).Split(' ', '\n');
            if (words.Length < 3)
            {
                var host = new Host { Id = Guid.Empty, Name = name, Kind = HostKind.Kvm, Ssh = endpoint };
                throw SshFailures.Connect(host, said, null);
            }

            var key = $"{words[1]} {words[2]}";
            return new(key, PrivateKeyText.Fingerprint(key));
        }
        finally
        {
            File.Delete(knownHosts);
        }
    }
}
