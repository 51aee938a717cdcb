using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Engine.Records;

/// <summary>
/// The links between entries of the audit log. The hash of an entry is SHA-256 over, in this order and without anything between:
/// the hash of the entry before it (32 bytes; zeroes before the first), its number and its time in microseconds since 1970-01-01 UTC
/// (8 bytes each, signed, big-endian), and by, action, subject and detail, each as its length in bytes (4 bytes, big-endian) and its UTF-8.
/// </summary>
/// <remarks>
/// It shows that somebody changed, removed or inserted an entry without also hashing everything after it anew. Who may write every table of
/// the database can do that too: an export, or the number and hash of the last entry noted down elsewhere, shows even this.
/// </remarks>
public static class AuditChain
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>What the first entry is chained to.</summary>
    public static ReadOnlySpan<byte> Beginning => new byte[HashBytes];

    /// <summary>The hash of an entry.</summary>
    /// <param name="previous">The hash of the entry before it.</param>
    /// <param name="id">Its number.</param>
    /// <param name="microseconds">Its time, <see cref="Microseconds"/>.</param>
    /// <param name="words">By, action, subject and detail.</param>
    public static byte[] Hash(ReadOnlySpan<byte> previous, long id, long microseconds, params ReadOnlySpan<string> words)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(previous);
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(number, id);
        hash.AppendData(number);
        BinaryPrimitives.WriteInt64BigEndian(number, microseconds);
        hash.AppendData(number);
        foreach (var word in words)
        {
            var bytes = Encoding.UTF8.GetBytes(word);
            BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
            hash.AppendData(number[..sizeof(int)]);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Whole microseconds since 1970-01-01 UTC: what the database keeps of a time.</summary>
    public static long Microseconds(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time that so many microseconds stand for.</summary>
    public static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
