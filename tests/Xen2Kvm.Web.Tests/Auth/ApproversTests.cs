using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class ApproversTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Approvers_and_admins_may_approve_and_nobody_else()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        foreach (var role in Roles.All)
        {
            var user = await dashboard.UserAsync(role);
            (await dashboard.Get<IPeople>().MayApproveAsync(user.UserName!, Token)).ShouldBe(role is Roles.Approver or Roles.Admin, role);
        }

        (await dashboard.Get<IPeople>().MayApproveAsync("nobody", Token)).ShouldBeFalse();
        (await dashboard.Get<IPeople>().MayApproveAsync(LocalToken.Owner, Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Who_is_disabled_or_loses_the_role_may_not_approve_from_then_on()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        await dashboard.UserAsync(Roles.Approver);
        await dashboard.UserAsync(Roles.Admin);
        await using (var scope = dashboard.App.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            var approver = (await users.FindByNameAsync("approver"))!;
            approver.DisabledAt = DateTimeOffset.UtcNow;
            await users.UpdateAsync(approver);
            await users.RemoveFromRoleAsync((await users.FindByNameAsync("admin"))!, Roles.Admin);
        }

        (await dashboard.Get<IPeople>().MayApproveAsync("approver", Token)).ShouldBeFalse();
        (await dashboard.Get<IPeople>().MayApproveAsync("admin", Token)).ShouldBeFalse();
    }
}
