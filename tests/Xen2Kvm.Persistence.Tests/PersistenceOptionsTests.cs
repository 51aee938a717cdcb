using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class PersistenceOptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once()
    {
        await using var node = NewNode(
            ("Embedded:DataDirectory", "relative"), ("Embedded:BinDirectory", "/bin$(reboot)"), ("Embedded:SocketDirectory", "/" + new string('s', 90)),
            ("Embedded:TimeoutSeconds", "1"), ("Embedded:MaxConnections", "1"), ("Embedded:SystemUser", " "));
        var error = await Should.ThrowAsync<OptionsValidationException>(() => node.InitialiseXen2KvmDatabaseAsync(Token));
        error.Failures.Count().ShouldBe(6);
    }

    [Theory]
    [InlineData("Host=a;Database=b", 0)]
    [InlineData("Database=b", 1)]
    [InlineData("Username=c", 2)]
    [InlineData("Nonsense=c", 1)]
    public void A_connection_string_must_say_where_the_database_is(string connectionString, int problems)
    {
        var result = new PersistenceOptionsValidator().Validate(null, new() { ConnectionString = connectionString });
        (result.Failures?.Count() ?? 0).ShouldBe(problems);
    }

    [Fact]
    public async Task Without_a_connection_string_the_embedded_cluster_is_started_and_stopped_with_the_container()
    {
        using var directory = new TemporaryDirectory();
        var node = NewNode(("Embedded:DataDirectory", directory.Of("pg")), ("Embedded:SocketDirectory", directory.Of("s")));
        await node.InitialiseXen2KvmDatabaseAsync(Token);
        (await node.GetRequiredService<IRunStore>().ListAsync(1, Token)).ShouldBeEmpty();
        File.Exists(directory.Of("pg/data/postmaster.pid")).ShouldBeTrue();
        await node.DisposeAsync();
        File.Exists(directory.Of("pg/data/postmaster.pid")).ShouldBeFalse();
    }

    private static ServiceProvider NewNode(params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
            .Build();
        return new ServiceCollection().AddLogging().AddXen2KvmPersistence(configuration).BuildServiceProvider();
    }
}
