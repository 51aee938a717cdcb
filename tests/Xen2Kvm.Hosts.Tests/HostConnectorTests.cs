using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Ssh;
using Xen2Kvm.Hosts.Tests.Ssh;

namespace Xen2Kvm.Hosts.Tests;

/// <summary>The connector as the program registers it, against a real sshd.</summary>
public sealed class HostConnectorTests(TestSshd sshd) : IClassFixture<TestSshd>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Host Host => new() { Id = Guid.NewGuid(), Name = "kvm1", Kind = HostKind.Kvm, Ssh = sshd.Endpoint };

    [Fact]
    public async Task A_host_shares_one_connection_until_its_address_changes()
    {
        await using var services = Services(new());
        var connector = services.GetRequiredService<IHostConnector>();
        using var own = new TestSshd();
        var host = Host with { Ssh = own.Endpoint };
        StoreProxy.Secret = await File.ReadAllTextAsync(own.In("client"), Cancel);
        (await connector.Shell(host).RunAsync(new("true"), Cancel)).Ok.ShouldBeTrue();
        (await connector.Shell(host).RunAsync(new("true"), Cancel)).Ok.ShouldBeTrue();
        Accepted(own).ShouldBe(1);
        (await connector.Shell(host with { Ssh = own.Endpoint with { Address = "localhost" } }).RunAsync(new("true"), Cancel)).Ok.ShouldBeTrue();
        Accepted(own).ShouldBe(2);
        static int Accepted(TestSshd sshd) => sshd.Log.Count(line => line.StartsWith("Accepted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_is_scanned_with_its_fingerprint_before_anyone_trusts_it()
    {
        await using var services = Services(new());
        var offer = await services.GetRequiredService<IHostConnector>().ScanHostKeyAsync(sshd.Endpoint with { HostKey = null }, null, Cancel);
        offer.Key.ShouldBe(sshd.HostKey);
        offer.Fingerprint.ShouldBe(TestSshd.Run("ssh-keygen", "-lf", sshd.In("hostkey.pub")).Split(' ')[1]);
    }

    [Fact]
    public async Task The_key_of_a_jump_host_is_scanned_along_with_the_hosts()
    {
        await using var services = Services(new());
        var endpoint = sshd.Endpoint with { HostKey = null, JumpHost = $"root@127.0.0.1:{sshd.Port}" };
        var offer = await services.GetRequiredService<IHostConnector>().ScanHostKeyAsync(endpoint, await File.ReadAllTextAsync(sshd.In("client"), Cancel), Cancel);
        offer.Key.ShouldBe(sshd.HostKey);
        offer.Jump.ShouldNotBeNull().Key.ShouldBe(sshd.HostKey);
    }

    [Fact]
    public async Task A_host_that_is_not_there_has_no_key_to_scan()
    {
        await using var services = Services(new());
        var error = await Should.ThrowAsync<RemoteException>(() => services.GetRequiredService<IHostConnector>()
            .ScanHostKeyAsync(sshd.Endpoint with { Port = TestSshd.FreePort(), HostKey = null }, null, Cancel));
        error.Failure.ShouldBe(RemoteFailure.Unreachable);
    }

    [Fact]
    public async Task A_test_names_every_check_and_how_to_mend_what_fails()
    {
        await using var services = Services(new());
        StoreProxy.Secret = await File.ReadAllTextAsync(sshd.In("client"), Cancel);
        var connector = services.GetRequiredService<IHostConnector>();
        var checks = await connector.TestAsync(Host with { Kind = HostKind.Xen }, Cancel);
        checks[0].ShouldSatisfyAllConditions(
            check => check.Name.ShouldBe("SSH connection"), check => check.Passed.ShouldBe(true), check => check.Result.ShouldContain("as root"),
            check => check.Result.ShouldContain("SHA256:"));
        checks.ShouldContain(check => check.Name == "Root" && check.Passed == true);
        checks.ShouldContain(check => check.Name == "Xen toolstack" && check.Passed == false && check.Fix!.Contains("xen-system-amd64", StringComparison.Ordinal));
        (await connector.TestAsync(Host, Cancel)).Where(check => check.Passed == false).ShouldAllBe(check => check.Fix != null);
    }

    [Fact]
    public async Task A_test_of_a_host_that_refuses_ends_with_what_was_not_tried()
    {
        await using var services = Services(new());
        StoreProxy.Secret = await File.ReadAllTextAsync(sshd.In("stranger"), Cancel);
        var checks = await services.GetRequiredService<IHostConnector>().TestAsync(Host, Cancel);
        checks[0].Passed.ShouldBe(false);
        checks[0].Result.ShouldContain("refused the key");
        checks.Skip(1).ShouldAllBe(check => check.Passed == null);
    }

    [Fact]
    public void Wrong_settings_are_all_told_at_once()
    {
        using var services = Services(new() { ["Ssh:ConnectTimeout"] = "00:00:00", ["Ssh:SessionsPerHost"] = "0", ["Ssh:Program"] = " " });
        var error = Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<SshOptions>>().Value);
        error.Failures.Count().ShouldBe(3);
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddSingleton(DispatchProxy.Create<IHostStore, StoreProxy>());
        services.AddXen2KvmHosts();
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    /// <summary>A store that knows a secret and nothing else.</summary>
    public class StoreProxy : DispatchProxy
    {
        private static readonly AsyncLocal<string?> Current = new();

        public static string? Secret { get => Current.Value; set => Current.Value = value; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name == nameof(IHostStore.GetSecretAsync)
            ? Task.FromResult(Secret)
            : throw new NotSupportedException();
    }
}
