using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Domain.Waves;
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
            (await WhyNotAsync(dashboard, user.UserName!) is null).ShouldBe(role is Roles.Approver or Roles.Admin, role);
        }

        (await WhyNotAsync(dashboard, "nobody")).ShouldNotBeNull();
        (await WhyNotAsync(dashboard, LocalToken.Owner)).ShouldNotBeNull();
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

        (await WhyNotAsync(dashboard, "approver")).ShouldBe("There is no such account, or it is disabled.");
        (await WhyNotAsync(dashboard, "admin")).ShouldBe("This needs the role Approver for everything. Ask a person who has it.");
    }

    private static Task<string?> WhyNotAsync(Dashboard dashboard, string name) => dashboard.Get<IPeople>().WhyNotApproveAsync(
        name, new Wave { Id = Guid.NewGuid(), Name = "Friday", CreatedAt = default, CreatedBy = "" }, Token);
}
