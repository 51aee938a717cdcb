using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Migrations.Design;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xen2Kvm.Persistence;

if (args is not [var name])
{
    Console.Error.WriteLine("usage: dotnet run --project deploy/add-migration NAME   (from the top of the repository)");
    return 1;
}

var project = Path.GetFullPath("src/Xen2Kvm.Persistence");
if (!Directory.Exists(project))
{
    Console.Error.WriteLine($"There is no {project}: start this from the top of the repository.");
    return 1;
}

// No database is asked: the scaffolder compares the model with the snapshot of the last migration.
var options = new DbContextOptionsBuilder<Xen2KvmDbContext>();
await using var nowhere = NpgsqlDataSource.Create("Host=nowhere;Database=none");
PersistenceServices.UsePostgres(options, nowhere);
await using var context = new Xen2KvmDbContext(options.Options);
var services = new ServiceCollection()
    .AddEntityFrameworkDesignTimeServices()
    .AddDbContextDesignTimeServices(context);
#pragma warning disable EF1001 // The provider's design-time services have no other door.
new Npgsql.EntityFrameworkCore.PostgreSQL.Design.Internal.NpgsqlDesignTimeServices().ConfigureDesignTimeServices(services);
#pragma warning restore EF1001
await using var provider = services.BuildServiceProvider();
await using var scope = provider.CreateAsyncScope();
var scaffolder = scope.ServiceProvider.GetRequiredService<IMigrationsScaffolder>();
var migration = scaffolder.ScaffoldMigration(name, "Xen2Kvm.Persistence", "Migrations", "C#");
var files = scaffolder.Save(project, migration, Path.Combine(project, "Migrations"), false);
foreach (var file in new[] { files.MigrationFile!, files.MetadataFile!, files.SnapshotFile! })
{
    // The scaffolder writes a byte order mark; the repository has none.
    await File.WriteAllTextAsync(file, await File.ReadAllTextAsync(file));
    Console.WriteLine(Path.GetRelativePath(".", file));
}

return 0;
