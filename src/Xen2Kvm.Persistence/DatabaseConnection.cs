namespace Xen2Kvm.Persistence;

/// <summary>Where the database is. With the embedded cluster that is known only once it has been started.</summary>
public sealed class DatabaseConnection
{
    private string? _connectionString;

    /// <summary>The connection string, secret included: never log it.</summary>
    /// <exception cref="InvalidOperationException">The database has not been initialised yet.</exception>
    public string ConnectionString =>
        _connectionString ?? throw new InvalidOperationException(
            $"The database is not ready: call {nameof(PersistenceServices.InitialiseXen2KvmDatabaseAsync)} before anything uses it.");

    /// <summary>Says where it is.</summary>
    internal void Set(string connectionString) => _connectionString = connectionString;
}
