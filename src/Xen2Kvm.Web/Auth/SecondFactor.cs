using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>The second factor of an account: codes of an authenticator app, and recovery codes for when it is lost. The caller stores the account.</summary>
public sealed class SecondFactor(IDataProtectionProvider protection, TimeProvider time)
{
    private const int RecoveryCodeCount = 10;
    private readonly IDataProtector _protector = protection.CreateProtector("second-factor");

    /// <summary>Gives the account a new key; it counts once a code of it was <see cref="Accepts">accepted</see> and the factor is turned on.</summary>
    /// <returns>The key as a person types it into an app.</returns>
    public string NewKey(AppUser user)
    {
        var key = RandomNumberGenerator.GetBytes(20);
        user.SecondFactorKey = Convert.ToBase64String(ProtectorOf(user).Protect(key));
        user.SecondFactorStep = 0;
        return Totp.ToBase32(key);
    }

    /// <summary>Takes a code of the app, once.</summary>
    public bool Accepts(AppUser user, string? code)
    {
        if (user.SecondFactorKey is null || Plain(code) is not { Length: Totp.Digits } plain)
        {
            return false;
        }

        var key = ProtectorOf(user).Unprotect(Convert.FromBase64String(user.SecondFactorKey));
        if (Totp.Match(key, plain, time.GetUtcNow(), user.SecondFactorStep) is not { } step)
        {
            return false;
        }

        user.SecondFactorStep = step;
        return true;
    }

    /// <summary>Takes a recovery code, once.</summary>
    public static bool AcceptsRecovery(AppUser user, string? code)
    {
        var hash = Hash(Plain(code));
        var left = user.RecoveryCodes.Where(known => known != hash).ToArray();
        if (left.Length == user.RecoveryCodes.Length)
        {
            return false;
        }

        user.RecoveryCodes = left;
        return true;
    }

    /// <summary>Gives the account new recovery codes in place of those before.</summary>
    /// <returns>The codes, shown this once.</returns>
    public static IReadOnlyList<string> NewRecoveryCodes(AppUser user)
    {
        List<string> codes = [.. Enumerable.Range(0, RecoveryCodeCount).Select(_ => Totp.ToBase32(RandomNumberGenerator.GetBytes(10)))];
        user.RecoveryCodes = [.. codes.Select(Hash)];
        return codes.ConvertAll(code => string.Join('-', code.Chunk(4).Select(part => new string(part))));
    }

    /// <summary>Takes the second factor away.</summary>
    public static void Clear(AppUser user) =>
        (user.TwoFactorEnabled, user.SecondFactorKey, user.SecondFactorStep, user.RecoveryCodes) = (false, null, 0, []);

    private static string Hash(string code) => Convert.ToHexStringLower(OneTimeSecret.Hash(code));

    // As people type them: with spaces and dashes, in small letters.
    private static string Plain(string? code) => string.Concat((code ?? "").Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();

    private IDataProtector ProtectorOf(AppUser user) => _protector.CreateProtector(user.Id.ToString("N"));
}
