using System.Data.Common;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence.Embedded;
using Xen2Kvm.Persistence.Stores;

namespace Xen2Kvm.Persistence;

/// <summary>Puts the stores into a container and makes their database ready.</summary>
public static class PersistenceServices
{
    /// <summary>
    /// Registers the database (ConnectionStrings:Xen2Kvm, or else the embedded cluster of section Embedded), the stores behind the
    /// engine's ports, the shared Data Protection key ring, and the listener for changed runs. The context is there for Identity:
    /// <c>AddEntityFrameworkStores&lt;Xen2KvmDbContext&gt;()</c>.
    /// </summary>
    public static IServiceCollection AddXen2KvmPersistence(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PersistenceOptions>()
            .Configure(options =>
            {
                options.ConnectionString = configuration.GetConnectionString(PersistenceOptions.ConnectionName);
                configuration.GetSection(EmbeddedPostgresOptions.Section).Bind(options.Embedded);
            })
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PersistenceOptions>, PersistenceOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);

        services.AddSingleton<DatabaseConnection>();
        services.AddSingleton<DatabaseStarter>();
        services.AddSingleton(provider => NpgsqlDataSource.Create(Prepared(provider.GetRequiredService<DatabaseConnection>().ConnectionString)));
        services.AddPooledDbContextFactory<Xen2KvmDbContext>((provider, options) =>
            UsePostgres(options, provider.GetRequiredService<NpgsqlDataSource>()));
        services.TryAddScoped(provider => provider.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>().CreateDbContext());

        services.AddDataProtection().SetApplicationName("Xen2Kvm");
        services.AddOptions<KeyManagementOptions>().Configure<IDbContextFactory<Xen2KvmDbContext>>(
            (options, contexts) => options.XmlRepository = new DataProtectionKeyStore(contexts));

        services.AddSingleton<IHostStore, HostStore>();
        services.AddSingleton<IHostGroupStore, HostGroupStore>();
        services.AddSingleton<IGrantStore, GrantStore>();
        services.AddSingleton<IPlanStore, PlanStore>();
        services.AddSingleton<RunTeller>();
        services.AddSingleton<IRunStore, RunStore>();
        services.AddSingleton<IWaveStore, WaveStore>();
        services.AddSingleton<ILimitStore, LimitStore>();
        services.AddSingleton<ICleanupStore, CleanupStore>();
        services.AddSingleton<IAuditLog, AuditLog>();
        services.AddSingleton<IApiTokenStore, ApiTokenStore>();
        services.AddSingleton<ISessionStore, SessionStore>();
        services.AddSingleton<INotificationStore, NotificationStore>();
        services.AddSingleton<ChangeListener>();
        services.AddSingleton<IChanges>(provider => provider.GetRequiredService<ChangeListener>());
        services.AddHostedService(provider => provider.GetRequiredService<ChangeListener>());
        return services;
    }

    /// <summary>
    /// Starts the embedded cluster when that is used, and applies migrations. Call it after building the host and before running it.
    /// The cluster is stopped when the container is disposed.
    /// </summary>
    /// <exception cref="OptionsValidationException">The configuration is wrong; it lists everything that is.</exception>
    /// <exception cref="EmbeddedPostgresException">The embedded cluster cannot be used; the message says what to do.</exception>
    public static async Task InitialiseXen2KvmDatabaseAsync(this IServiceProvider services, CancellationToken cancellationToken)
    {
        var starter = services.GetRequiredService<DatabaseStarter>();
        await starter.StartAsync(cancellationToken);
        await starter.MigrateAsync(services.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>(), cancellationToken);
    }

    // The same few statements come by the hundred a second: the server plans each of them once for a connection, not each time. Who runs a pooler
    // that cannot have that says so in the connection string, which counts.
    private static string Prepared(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!settings.ContainsKey("Max Auto Prepare"))
        {
            settings.MaxAutoPrepare = 64;
        }

        return settings.ConnectionString;
    }

    /// <summary>Points a context at a database, the same way for the program, for tests and for the tool that writes migrations.</summary>
    public static void UsePostgres(DbContextOptionsBuilder options, DbDataSource source) =>
        options.UseNpgsql(source, npgsql => npgsql.MigrationsHistoryTable("ef_migrations"));
}
