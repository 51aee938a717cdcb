using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>
/// Asks a host for its key with the ssh client itself: the same algorithms, the same jump host as later, and no way to authenticate is
/// tried. (ssh-keyscan knows no jump hosts.)
/// </summary>
internal sealed class HostKeyScanner(SshOptions options, SshRuntimeDirectory directory, TimeProvider time)
{
    /// <summary>The key that the host offers, ed25519 before ecdsa before rsa, and the jump host's.</summary>
    /// <exception cref="RemoteException">One of them does not answer.</exception>
    public async Task<HostKeyOffer> ScanAsync(SshEndpoint endpoint, string? secret, CancellationToken cancellationToken)
    {
        SshArguments.Check(endpoint.Address, endpoint);
        if (SshArguments.JumpEndpoint(endpoint) is not { } jumpEndpoint)
        {
            return await ScanOneAsync(endpoint, null, cancellationToken).ConfigureAwait(false);
        }

        // Whoever answers as the jump host is asked again with the key it has just shown, so that both are of one moment.
        var jump = await ScanOneAsync(jumpEndpoint, null, cancellationToken).ConfigureAwait(false);
        var identity = endpoint.Authentication == SshAuthentication.Key && secret is not null
            ? directory.WriteSecret(PrivateKeyText.Read(secret).Normalised)
            : null;
        try
        {
            var offer = await ScanOneAsync(endpoint with { JumpHostKey = jump.Key }, identity, cancellationToken).ConfigureAwait(false);
            return offer with { Jump = jump };
        }
        finally
        {
            if (identity is not null)
            {
                File.Delete(identity);
            }
        }
    }

    private async Task<HostKeyOffer> ScanOneAsync(SshEndpoint endpoint, string? identity, CancellationToken cancellationToken)
    {
        var name = endpoint.Address;
        var knownHosts = directory.WriteFile("k", SshMaster.Pinned(SshArguments.JumpAlias, endpoint.JumpHostKey));
        try
        {
            using var process = SshProcess.Start(name, options.Program, SshArguments.Scan(endpoint, options, knownHosts, identity));
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

            var words = (await File.ReadAllLinesAsync(knownHosts, cancellationToken).ConfigureAwait(false)).Select(line => line.Split(' '))
                .FirstOrDefault(line => line is [SshArguments.Alias, _, _, ..]);
            if (words is null)
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
