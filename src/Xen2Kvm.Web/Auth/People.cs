using Microsoft.AspNetCore.Identity;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>The people who may sign in. Each call reads anew: what was true at a sign-in may not be true any more.</summary>
public sealed class People(IServiceScopeFactory scopes) : IPeople
{
    /// <inheritdoc/>
    public async Task<bool> MayApproveAsync(string userName, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        return await users.FindByNameAsync(userName).ConfigureAwait(false) is { } user
            && user.LockoutEnd != DateTimeOffset.MaxValue
            && (await users.GetRolesAsync(user).ConfigureAwait(false)).Any(role => Roles.AtLeast(Roles.Approver).Contains(role));
    }
}
