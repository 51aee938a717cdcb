using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>
/// The key that encrypts the Data Protection key ring. The ring lies in the database beside the secrets that it protects; this key lies in a
/// file, so that a copy of the database alone gives no secret away. Made at the first start; every node of one database needs the same file.
/// </summary>
public sealed class SecretsKey(IOptions<DashboardOptions> options)
{
    private const int KeyBytes = 32;
    private readonly Lock _lock = new();
    private byte[]? _key;

    /// <summary>The file: 32 bytes in Base64, readable by the program's account only.</summary>
    public string FilePath => options.Value.SecretsKeyFile ?? Path.Combine(options.Value.StateDirectory, "secrets.key");

    /// <summary>Encrypts with AES-256-GCM: nonce, tag, ciphertext.</summary>
    public byte[] Encrypt(ReadOnlySpan<byte> plain)
    {
        var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        var sealedBytes = new byte[nonce + tag + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, nonce));
        using var aes = new AesGcm(Key(), tag);
        aes.Encrypt(sealedBytes.AsSpan(0, nonce), plain, sealedBytes.AsSpan(nonce + tag), sealedBytes.AsSpan(nonce, tag));
        return sealedBytes;
    }

    /// <summary>Decrypts what <see cref="Encrypt"/> gave.</summary>
    /// <exception cref="CryptographicException">Made with another key, or damaged.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> sealedBytes)
    {
        var (nonce, tag) = (AesGcm.NonceByteSizes.MaxSize, AesGcm.TagByteSizes.MaxSize);
        if (sealedBytes.Length < nonce + tag)
        {
            throw new CryptographicException($"A key of the database is too short to be encrypted with {FilePath}.");
        }

        var plain = new byte[sealedBytes.Length - nonce - tag];
        using var aes = new AesGcm(Key(), tag);
        aes.Decrypt(sealedBytes[..nonce], sealedBytes[(nonce + tag)..], sealedBytes.Slice(nonce, tag), plain);
        return plain;
    }

    private byte[] Key()
    {
        lock (_lock)
        {
            return _key ??= ReadOrMake();
        }
    }

    private byte[] ReadOrMake()
    {
        if (!File.Exists(FilePath))
        {
            PrivateFile.Write(FilePath, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n");
        }

        var text = File.ReadAllText(FilePath).Trim();
        var key = new byte[KeyBytes];
        return Convert.TryFromBase64String(text, key, out var length) && length == KeyBytes
            ? key
            : throw new InvalidOperationException($"{FilePath} does not hold {KeyBytes} bytes in Base64. Put the file back from a backup; without it the hosts' passwords and keys must be entered again.");
    }
}

/// <summary>Encrypts keys of the ring.</summary>
internal sealed class SecretsKeyEncryptor(SecretsKey key) : IXmlEncryptor
{
    /// <inheritdoc/>
    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        new XElement("sealed", Convert.ToBase64String(key.Encrypt(System.Text.Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting))))),
        typeof(SecretsKeyDecryptor));
}

/// <summary>Decrypts keys of the ring; made by Data Protection from the type's name that is stored beside each key.</summary>
internal sealed class SecretsKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    /// <inheritdoc/>
    public XElement Decrypt(XElement encryptedElement) => XElement.Parse(
        System.Text.Encoding.UTF8.GetString(services.GetRequiredService<SecretsKey>().Decrypt(Convert.FromBase64String(encryptedElement.Value))));
}
