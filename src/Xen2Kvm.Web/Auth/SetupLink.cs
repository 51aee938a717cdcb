using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The secret of the one-time link that makes the first admin. The program holds its hash only. The plain link lies in a file of the state
/// directory that only the program's account can read, so that a restart keeps a link that was already handed out; using it deletes the file.
/// </summary>
public sealed class SetupLink(IOptions<DashboardOptions> options)
{
    private byte[]? _hash;

    /// <summary>The file that holds the link while it is open.</summary>
    public string FilePath => Path.Combine(options.Value.StateDirectory, "setup-link");

    /// <summary>Whether the link can still be used.</summary>
    public bool IsOpen => _hash is not null;

    /// <summary>Opens the link at an address, with the token of an earlier start where one is left, and returns it.</summary>
    /// <param name="address">Scheme and host, as http://127.0.0.1:5080.</param>
    public string Open(string address)
    {
        var token = Earlier() ?? OneTimeSecret.New();
        var link = $"{address.TrimEnd('/')}/account/first-admin?token={token}";
        PrivateFile.Write(FilePath, link + "\n");
        _hash = OneTimeSecret.Hash(token);
        return link;
    }

    /// <summary>Whether a token is the link's.</summary>
    public bool Fits(string? token) => _hash is { } hash && token is not null && CryptographicOperations.FixedTimeEquals(hash, OneTimeSecret.Hash(token));

    /// <summary>Closes the link for good.</summary>
    public void Close()
    {
        _hash = null;
        File.Delete(FilePath);
    }

    private string? Earlier()
    {
        var text = File.Exists(FilePath) ? File.ReadAllText(FilePath).Trim() : "";
        var token = text.Split("token=") is [_, { Length: 43 } last] ? last : null;
        return token is not null && Base64Url.IsValid(token) ? token : null;
    }
}
