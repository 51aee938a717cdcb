using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Web.Auth;

/// <summary>Secrets that are shown once; only their hash is kept. They are random enough that one round of SHA-256 without salt is enough.</summary>
internal static class OneTimeSecret
{
    /// <summary>A new secret of 256 random bits, fit for an address.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is kept of a secret.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
