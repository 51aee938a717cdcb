using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The API token for <c>x2k</c> on the machine itself, in a file of the state directory that only the program's account can read: who can
/// read it can read the database as well. Made anew at every start; the one before is revoked.
/// </summary>
public sealed class LocalToken(IApiTokenStore tokens, IOptions<DashboardOptions> options)
{
    /// <summary>Owner of such tokens; no user can have this name, its brackets are not allowed in one.</summary>
    public const string Owner = "(this machine)";

    /// <summary>The file that holds the token.</summary>
    public string FilePath => Path.Combine(options.Value.StateDirectory, "cli-token");

    /// <summary>Writes a new token to the file, or takes the file away when the setting is off.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        foreach (var old in await tokens.ListAsync(Owner, cancellationToken).ConfigureAwait(false))
        {
            if (old.Name == Environment.MachineName)
            {
                await tokens.RevokeAsync(old.Id, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!options.Value.LocalToken)
        {
            File.Delete(FilePath);
            return;
        }

        var (_, plain) = await tokens.CreateAsync(Environment.MachineName, Owner, Roles.Operator, TokenScope.All, null, null, cancellationToken).ConfigureAwait(false);
        PrivateFile.Write(FilePath, plain + "\n");
    }
}
