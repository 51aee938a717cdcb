using System.Reflection;
using System.Text.Json;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Lab.Tests;

/// <summary>A host as the lab describes it.</summary>
/// <param name="Name">Name.</param>
/// <param name="Kind">xen or kvm.</param>
/// <param name="Address">IP address.</param>
/// <param name="PrivateKey">File of the key that lets root in.</param>
/// <param name="HostKey">Its host key as in known_hosts.</param>
/// <param name="Fingerprint">The fingerprint of that.</param>
/// <param name="User">Its account that is not root.</param>
/// <param name="Password">The password of that.</param>
internal sealed record LabHost(string Name, string Kind, string Address, string PrivateKey, string HostKey, string Fingerprint, string User, string Password)
{
    public Guid Id { get; } = Guid.NewGuid();

    public static LabHost Read(JsonElement host)
    {
        var (key, account) = (host.GetProperty("hostKeys")[0], host.GetProperty("operator"));
        return new(
            Text(host, "name"), Text(host, "kind"), Text(host, "address"), Text(host, "privateKey"), Text(key, "line"), Text(key, "fingerprint"),
            Text(account, "user"), Text(account, "password"));

        static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;
    }
}

/// <summary>A store of hosts that knows the lab's key and nothing else.</summary>
public class LabSecrets : DispatchProxy
{
    internal static string? Key { get; set; }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod?.Name == nameof(IHostStore.GetSecretAsync) ? Task.FromResult(Key) : throw new NotSupportedException();
}
