using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Npgsql;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Hosting;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class SecretsKeyTests(Database database)
{
    [Fact]
    public async Task The_database_alone_gives_no_secret_away()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var kept = dashboard.Get<IDataProtectionProvider>().CreateProtector("test").Protect("open sesame");
        dashboard.Get<IDataProtectionProvider>().CreateProtector("test").Unprotect(kept).ShouldBe("open sesame");

        var ring = await dashboard.Get<NpgsqlDataSource>().CreateCommand("SELECT string_agg(xml, '') FROM data_protection_keys").ExecuteScalarAsync(TestContext.Current.CancellationToken);
        ring.ShouldBeOfType<string>().ShouldContain(nameof(SecretsKeyDecryptor));
        ((string)ring).ShouldNotContain("masterKey");
        File.GetUnixFileMode(dashboard.Get<SecretsKey>().FilePath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void What_was_sealed_opens_with_the_same_file_only()
    {
        var directory = Directory.CreateTempSubdirectory("x2k-key-").FullName;
        var sealedBytes = Key("a").Encrypt([1, 2, 3]);
        Key("a").Decrypt(sealedBytes).ShouldBe([1, 2, 3]);
        Should.Throw<CryptographicException>(() => Key("b").Decrypt(sealedBytes));
        Should.Throw<CryptographicException>(() => Key("a").Decrypt([1, 2, 3]));
        sealedBytes[^1] ^= 1;
        Should.Throw<CryptographicException>(() => Key("a").Decrypt(sealedBytes));

        File.WriteAllText(Path.Combine(directory, "c"), "no key");
        Should.Throw<InvalidOperationException>(() => Key("c").Encrypt([1])).Message.ShouldContain("Put the file back from a backup");
        Directory.Delete(directory, recursive: true);

        SecretsKey Key(string file) => new(Options.Create(new DashboardOptions { SecretsKeyFile = Path.Combine(directory, file) }));
    }
}
