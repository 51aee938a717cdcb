using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Hosting;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class StartTests(Database database)
{
    [Fact]
    public async Task Every_fault_of_the_configuration_is_said_at_once_before_anything_starts()
    {
        await using var app = DashboardHost.Build([], builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Xen2Kvm"] = "Host=",
            ["Dashboard:StateDirectory"] = "relative",
            ["Dashboard:SecretsKeyFile"] = "relative.key",
            ["Dashboard:PublicUrl"] = "ftp://x",
            ["Dashboard:SessionMinutes"] = "1",
            ["Dashboard:SignInAttemptsPerMinute"] = "0",
            ["Runs:MaxConcurrentRuns"] = "0",
        }));
        var failure = await Should.ThrowAsync<Exception>(() => DashboardHost.StartAsync(app, TestContext.Current.CancellationToken));
        using var said = new StringWriter();
        StartFailure.Report(failure, said).ShouldBe(ExitCode.InvalidConfiguration);
        foreach (var setting in new[] { "StateDirectory", "SecretsKeyFile", "PublicUrl", "SessionMinutes", "SignInAttemptsPerMinute", "Runs:MaxConcurrentRuns", "ConnectionStrings:Xen2Kvm" })
        {
            said.ToString().ShouldContain(setting);
        }
    }

    [Fact]
    public async Task An_address_in_use_has_an_exit_code_of_its_own()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var connection = await database.NewAsync();
        var state = Directory.CreateTempSubdirectory("x2k-start-").FullName;
        (await DashboardHost.RunAsync(
        [
            "--Urls", $"http://127.0.0.1:{port}", "--ConnectionStrings:Xen2Kvm", connection, "--Dashboard:StateDirectory", state, "--Logging:LogLevel:Default", "None",
        ])).ShouldBe((int)ExitCode.AddressInUse);
        Directory.Delete(state, recursive: true);
    }

    [Fact]
    public async Task A_locked_out_admin_is_given_the_account_back_on_the_dashboards_machine_only()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        string[] settings = ["--ConnectionStrings:Xen2Kvm", dashboard.Get<IConfiguration>()["ConnectionStrings:Xen2Kvm"]!, "--Dashboard:StateDirectory", dashboard.StateDirectory, "--Logging:LogLevel:Default", "None"];
        await dashboard.UserAsync("anna", Roles.Viewer);
        await using (var scope = dashboard.App.Services.CreateAsyncScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
            var anna = (await users.FindByNameAsync("anna"))!;
            (anna.DisabledAt, anna.LockoutEnd, anna.TwoFactorEnabled) = (DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1), true);
            (await users.UpdateAsync(anna)).Succeeded.ShouldBeTrue();
        }

        (await DashboardHost.RunAsync(["recover", "nobody", .. settings])).ShouldBe((int)ExitCode.Refused);
        (await DashboardHost.RunAsync(["recover", "anna", .. settings])).ShouldBe((int)ExitCode.Ended);
        var person = (await dashboard.Get<People>().FindAsync("anna", TestContext.Current.CancellationToken))!;
        person.ShouldSatisfyAllConditions(
            () => person.Role.ShouldBe(Roles.Admin), () => person.DisabledAt.ShouldBeNull(), () => person.LockedUntil.ShouldBeNull(), () => person.SecondFactor.ShouldBeFalse(),
            () => person.HasPassword.ShouldBeFalse(), () => person.InvitedUntil.ShouldNotBeNull());
        (await dashboard.Get<IAuditLog>().SearchAsync(new AuditQuery { Action = "user.recover" }, 10, TestContext.Current.CancellationToken))
            .ShouldHaveSingleItem().ShouldSatisfyAllConditions(entry => entry.By.ShouldBe("system"), entry => entry.Detail.ShouldContain("Viewer → Admin"));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_has_an_exit_code_of_its_own() =>
        (await DashboardHost.RunAsync(
        [
            "--ConnectionStrings:Xen2Kvm", "Host=127.0.0.1;Port=1;Database=x;Timeout=2", "--Logging:LogLevel:Default", "None",
        ])).ShouldBe((int)ExitCode.DatabaseUnavailable);

    [Fact]
    public void Each_option_has_its_rule()
    {
        var validator = new DashboardOptionsValidator();
        validator.Validate(null, new DashboardOptions()).ShouldBe(ValidateOptionsResult.Success);
        validator.Validate(null, new DashboardOptions { PublicUrl = "https://x2k.example.org" }).Succeeded.ShouldBeTrue();
        validator.Validate(null, new DashboardOptions { PublicUrl = "https://x2k.example.org/path" }).Failed.ShouldBeTrue();
        validator.Validate(null, new DashboardOptions { SessionMinutes = 4 }).Failed.ShouldBeTrue();
    }
}
