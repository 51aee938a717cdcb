using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>What can be told of a stored private key without using it.</summary>
/// <param name="Normalised">The text with plain line ends, as ssh reads it.</param>
/// <param name="PublicKey">Its public half (<c>ssh-ed25519 AAAA…</c>), or null when its format hides it.</param>
/// <param name="NeedsPassphrase">It is protected by a passphrase, which nobody can type here.</param>
internal sealed record PrivateKeyText(string Normalised, string? PublicKey, bool NeedsPassphrase)
{
    private const string Header = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private const string Footer = "-----END OPENSSH PRIVATE KEY-----";

    /// <summary>Reads a key as it was pasted or uploaded.</summary>
    public static PrivateKeyText Read(string text)
    {
        var normalised = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Trim() + "\n";
        var needsPassphrase = normalised.Contains("ENCRYPTED", StringComparison.Ordinal);
        var start = normalised.IndexOf(Header, StringComparison.Ordinal);
        var end = normalised.IndexOf(Footer, StringComparison.Ordinal);
        if (start < 0 || end < start)
        {
            return new(normalised, null, needsPassphrase);
        }

        try
        {
            ReadOnlySpan<byte> bytes = Convert.FromBase64String(normalised[(start + Header.Length)..end]);
            bytes = bytes["openssh-key-v1\0".Length..];
            var cipher = Encoding.ASCII.GetString(Take(ref bytes));
            Take(ref bytes);
            Take(ref bytes);
            bytes = bytes[4..];
            var blob = Take(ref bytes);
            return new(normalised, Describe(blob), cipher != "none");
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            return new(normalised, null, needsPassphrase);
        }
    }

    /// <summary>The fingerprint of a key in the words of ssh-keygen.</summary>
    /// <param name="key"><c>type base64</c>.</param>
    public static string Fingerprint(string key)
    {
        var blob = Convert.FromBase64String(key.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        return "SHA256:" + Convert.ToBase64String(SHA256.HashData(blob)).TrimEnd('=');
    }

    private static string Describe(ReadOnlySpan<byte> blob)
    {
        var rest = blob;
        return Encoding.ASCII.GetString(Take(ref rest)) + " " + Convert.ToBase64String(blob);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes)
    {
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var taken = bytes.Slice(4, length);
        bytes = bytes[(4 + length)..];
        return taken;
    }
}
