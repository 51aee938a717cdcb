using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xen2Kvm.Persistence.Model;
using Xen2Kvm.Persistence.Tests.Support;

namespace Xen2Kvm.Persistence.Tests;

public sealed class DatabaseTests(Store store, Cluster cluster) : IClassFixture<Store>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_migrations_make_the_tables_that_the_model_wants()
    {
        await using var context = await store.Services.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>().CreateDbContextAsync(Token);
        context.Database.HasPendingModelChanges().ShouldBeFalse("write a migration: dotnet run --project deploy/add-migration NAME");
        (await context.Database.GetPendingMigrationsAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nodes_that_start_together_on_an_empty_database_all_come_up()
    {
        var connectionString = await cluster.NewDatabaseAsync();
        var nodes = Enumerable.Range(0, 4).Select(_ => Store.NewNode(connectionString, TimeProvider.System)).ToList();
        await Task.WhenAll(nodes.Select(node => node.InitialiseXen2KvmDatabaseAsync(Token)));
        foreach (var node in nodes)
        {
            (await node.GetRequiredService<Engine.Ports.IRunStore>().ListAsync(1, Token)).ShouldBeEmpty();
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task Names_need_no_quotes_and_times_carry_their_zone()
    {
        (await store.SqlAsync("SELECT string_agg(table_name || '.' || column_name, ', ') FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'ef_migrations' AND (table_name !~ '^[a-z_]+$' OR column_name !~ '^[a-z0-9_]+$')"))
            .ShouldBe(DBNull.Value);
        (await store.SqlAsync("SELECT string_agg(table_name || '.' || column_name, ', ') FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp without time zone'"))
            .ShouldBe(DBNull.Value);
    }

    [Theory]
    [InlineData("StepId", "step_id")]
    [InlineData("AtUTCTime", "at_utc_time")]
    [InlineData("Id", "id")]
    public void Names_are_turned_to_snake_case(string name, string expected) => SnakeCaseNames.Of(name).ShouldBe(expected);

    [Fact]
    public async Task Identity_keeps_its_users_and_roles_here()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddScoped(_ => store.Services.GetRequiredService<IDbContextFactory<Xen2KvmDbContext>>().CreateDbContext());
        services.AddIdentityCore<AppUser>().AddRoles<IdentityRole<Guid>>().AddEntityFrameworkStores<Xen2KvmDbContext>();
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var (users, roles) = (scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>(), scope.ServiceProvider.GetRequiredService<RoleManager<IdentityRole<Guid>>>());
        var ann = new AppUser { UserName = "ann", DisplayName = "Ann Other", CreatedAt = Some.Time, LockoutEnd = Some.Time };
        (await roles.CreateAsync(new("Admin"))).Succeeded.ShouldBeTrue();
        (await users.CreateAsync(ann, "Long-enough-1")).Succeeded.ShouldBeTrue();
        (await users.AddToRoleAsync(ann, "Admin")).Succeeded.ShouldBeTrue();

        var found = (await users.FindByNameAsync("ann"))!;
        (found.DisplayName, found.CreatedAt).ShouldBe(("Ann Other", Some.Time));
        (await users.CheckPasswordAsync(found, "Long-enough-1")).ShouldBeTrue();
        (await users.GetRolesAsync(found)).ShouldBe(["Admin"]);
    }

    [Fact]
    public void The_database_cannot_be_used_before_it_is_ready()
    {
        using var node = Store.NewNode(store.ConnectionString, TimeProvider.System);
        Should.Throw<InvalidOperationException>(() => node.GetRequiredService<DatabaseConnection>().ConnectionString).Message.ShouldContain("InitialiseXen2KvmDatabaseAsync");
    }
}
