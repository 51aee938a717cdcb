using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Xen2Kvm.Web.Auth;

/// <summary>One-time codes by time as authenticator apps show them: RFC 6238 with HMAC-SHA1, 30 s and six digits.</summary>
internal static class Totp
{
    /// <summary>Digits of a code.</summary>
    public const int Digits = 6;

    private const int StepSeconds = 30;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The time step of a moment.</summary>
    public static long StepOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a time step.</summary>
    public static string CodeOf(ReadOnlySpan<byte> key, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(key, counter, hash);
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xF)..]) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The time step that a code belongs to: the one of now, or one beside it, since clocks differ; never one up to the last that was used.</summary>
    /// <returns>The step, or null when the code is not right.</returns>
    public static long? Match(ReadOnlySpan<byte> key, string code, DateTimeOffset now, long lastUsed)
    {
        long? found = null;
        for (var step = StepOf(now) - 1; step <= StepOf(now) + 1; step++)
        {
            var fits = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeOf(key, step)), Encoding.ASCII.GetBytes(code));
            found = fits && step > lastUsed ? step : found;
        }

        return found;
    }

    /// <summary>Bytes as people type them into an app (RFC 4648, without padding).</summary>
    public static string ToBase32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        var (buffer, bits) = (0, 0);
        foreach (var one in bytes)
        {
            (buffer, bits) = ((buffer << 8) | one, bits + 8);
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Base32[(buffer >> bits) & 31]);
            }

            buffer &= 31;
        }

        return bits == 0 ? text.ToString() : text.Append(Base32[(buffer << (5 - bits)) & 31]).ToString();
    }

    /// <summary>The address that an app reads from the picture.</summary>
    public static string Address(string key, string userName) =>
        $"otpauth://totp/Xen2Kvm:{Uri.EscapeDataString(userName)}?secret={key}&issuer=Xen2Kvm&algorithm=SHA1&digits={Digits}&period={StepSeconds}";
}
