using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>One database for a class of tests, with the stores as the program registers them and a clock of its own.</summary>
public sealed class Store(Cluster cluster) : IAsyncLifetime
{
    private ServiceProvider? _services;

    internal ManualTimeProvider Time { get; } = new();

    public string ConnectionString { get; private set; } = "";

    public IServiceProvider Services => _services ?? throw new InvalidOperationException("Not initialised.");

    public IHostStore Hosts => Services.GetRequiredService<IHostStore>();

    public IPlanStore Plans => Services.GetRequiredService<IPlanStore>();

    public IRunStore Runs => Services.GetRequiredService<IRunStore>();

    public IWaveStore Waves => Services.GetRequiredService<IWaveStore>();

    public IAuditLog Audit => Services.GetRequiredService<IAuditLog>();

    public INotificationStore Notifications => Services.GetRequiredService<INotificationStore>();

    public IApiTokenStore Tokens => Services.GetRequiredService<IApiTokenStore>();

    public ISessionStore Sessions => Services.GetRequiredService<ISessionStore>();

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await cluster.NewDatabaseAsync();
        _services = NewNode(ConnectionString, Time);
        await _services.InitialiseXen2KvmDatabaseAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The program's container as a further node on a database would have it.</summary>
    internal static ServiceProvider NewNode(string connectionString, TimeProvider time)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Xen2Kvm", connectionString)])
            .Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(time);
        services.AddXen2KvmPersistence(configuration);
        return services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true });
    }

    /// <summary>Runs SQL by hand, past the stores.</summary>
    public async Task<object?> SqlAsync(string sql)
    {
        await using var command = Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
        {
            await _services.DisposeAsync();
        }
    }
}
