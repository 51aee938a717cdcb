using System.Security.Claims;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Auth;

/// <summary>Gives people roles on groups of hosts and on waves, besides the one they have for everything.</summary>
public sealed class Grants(People people, IGrantStore grants, HostGroupService groups, WaveService waves)
{
    /// <summary>Gives a person a role on a group of hosts, or takes it away; it holds in open sessions from their next request on.</summary>
    /// <param name="userName">The person.</param>
    /// <param name="groupId">The group.</param>
    /// <param name="role">Operator or Approver; null for none beyond the role for everything.</param>
    /// <param name="by">The admin.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">It is oneself, the group is gone, or the role cannot be given there.</exception>
    public async Task SetOnGroupAsync(string userName, Guid groupId, string? role, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        var group = await groups.FindAsync(groupId.ToString(), cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This group is gone. Load the page again.");
        await SetAsync(userName, new Grant(role ?? "", groupId, null), $"on the host group {group.Name}", by, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives a person a role on a wave, or takes it away.</summary>
    /// <param name="userName">The person.</param>
    /// <param name="waveId">The wave.</param>
    /// <param name="role">Operator or Approver; null for none beyond the role for everything.</param>
    /// <param name="by">The admin.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RefusedException">It is oneself, the wave is not known, or the role cannot be given there.</exception>
    public async Task SetOnWaveAsync(string userName, Guid waveId, string? role, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        var wave = await waves.FindAsync(waveId, cancellationToken).ConfigureAwait(false) ?? throw new RefusedException("This wave is not known. Load the page again.");
        await SetAsync(userName, new Grant(role ?? "", null, waveId), $"on the wave {wave.Name}", by, cancellationToken).ConfigureAwait(false);
    }

    private Task SetAsync(string userName, Grant wanted, string place, ClaimsPrincipal by, CancellationToken cancellationToken)
    {
        if (wanted.Role.Length > 0 && !Standing.Grantable.Contains(wanted.Role))
        {
            throw new RefusedException($"The role {wanted.Role} cannot be given in one place. Choose one of {string.Join(", ", Standing.Grantable)}.");
        }

        return people.ActAsync(userName, by, "user.grant", async (_, user) =>
        {
            var before = (await grants.ListAsync(user.Id, cancellationToken).ConfigureAwait(false))
                .FirstOrDefault(given => given.Grant.GroupId == wanted.GroupId && given.Grant.WaveId == wanted.WaveId)?.Grant.Role;
            if (wanted.Role.Length == 0)
            {
                await grants.RemoveAsync(user.Id, wanted.GroupId, wanted.WaveId, cancellationToken).ConfigureAwait(false);
            }
            else if (!await grants.SetAsync(user.Id, wanted, cancellationToken).ConfigureAwait(false))
            {
                throw new RefusedException("This group or wave is gone. Load the page again.");
            }

            return $"{place}: {before ?? "no role"} → {(wanted.Role.Length == 0 ? "no role" : wanted.Role)}";
        }, cancellationToken);
    }
}
