using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;
using Xen2Kvm.Web.Hosting;

namespace Xen2Kvm.Web.Auth;

/// <summary>Signs people in and out, and records it.</summary>
internal sealed class SignIn(
    Accounts accounts, SecondFactor factor, ISessionStore sessions, IAuditLog audit, TimeProvider time, IOptions<DashboardOptions> options)
{
    /// <summary>The outcome where a code of the second factor must follow.</summary>
    public const string NeedsCode = "code";

    /// <summary>How long the code may take.</summary>
    public static readonly TimeSpan CodeWithin = TimeSpan.FromMinutes(5);

    private const string StampClaim = "x2k:stamp";

    // Verified against when there is no such user, so that the time taken does not tell which names exist.
    private static readonly AppUser Nobody = new();
    private static string? _nobodysHash;

    /// <summary>Signs in with a password.</summary>
    /// <returns>Null when signed in, <see cref="NeedsCode"/>, or the error code for the page: <c>wrong</c>, <c>locked</c>, <c>disabled</c>.</returns>
    public Task<string?> WithPasswordAsync(HttpContext http, string? userName, string? password) =>
        EnterAsync(http, userName ?? "", (users, user) => CheckPasswordAsync(users, user, password));

    /// <summary>Signs in with the code that follows a password.</summary>
    /// <returns>Null when signed in, or the error code for the page: <c>wrong-code</c>, <c>locked</c>, <c>disabled</c>, <c>late</c>.</returns>
    public async Task<string?> WithCodeAsync(HttpContext http, string? code)
    {
        var half = (await http.AuthenticateAsync(IdentityConstants.TwoFactorUserIdScheme).ConfigureAwait(false)).Principal;
        return half?.Identity?.Name is not { } userName ? "late" : await EnterAsync(
            http, userName, (users, user) => CheckCodeAsync(users, user, half.FindFirstValue(StampClaim), code, http.RequestAborted)).ConfigureAwait(false);
    }

    /// <summary>Signs in who has just set a password under a one-time link; a second factor is asked for all the same.</summary>
    /// <returns>Null when signed in, <see cref="NeedsCode"/>, or <c>late</c> when the account was changed meanwhile.</returns>
    public Task<string?> AsAsync(HttpContext http, AppUser known) => EnterAsync(http, known.UserName!, (_, user) => Task.FromResult(
        user is null || user.SecurityStamp != known.SecurityStamp ? "late" : user.TwoFactorEnabled ? NeedsCode : null));

    /// <summary>Ends the session.</summary>
    public async Task OutAsync(HttpContext http)
    {
        if (http.User is { } user && user.SessionId() is { } session)
        {
            await sessions.EndAsync(Guid.Parse(user.FindFirstValue(ClaimTypes.NameIdentifier)!), session, http.RequestAborted).ConfigureAwait(false);
        }

        await http.SignOutAsync(IdentityConstants.ApplicationScheme).ConfigureAwait(false);
    }

    private static async Task<string?> CheckPasswordAsync(UserManager<AppUser> users, AppUser? user, string? password)
    {
        if (user?.PasswordHash is null)
        {
            _nobodysHash ??= users.PasswordHasher.HashPassword(Nobody, Guid.NewGuid().ToString());
            users.PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password ?? "");
            return "wrong";
        }

        if (await users.CheckAsync(user, password).ConfigureAwait(false) is { } error)
        {
            return error;
        }

        // Only who knows the password learns what the account is like; wrong passwords are forgotten when the second factor was right, too.
        if (user.DisabledAt is not null || user.TwoFactorEnabled)
        {
            return user.DisabledAt is not null ? "disabled" : NeedsCode;
        }

        await users.ResetAccessFailedCountAsync(user).ConfigureAwait(false);
        return null;
    }

    private async Task<string?> CheckCodeAsync(
        UserManager<AppUser> users, AppUser? user, string? stamp, string? code, CancellationToken cancellationToken)
    {
        if (user is not { TwoFactorEnabled: true } || user.SecurityStamp != stamp)
        {
            return "late";
        }

        if (user.DisabledAt is not null || await users.IsLockedOutAsync(user).ConfigureAwait(false))
        {
            return user.DisabledAt is not null ? "disabled" : "locked";
        }

        if (SecondFactor.AcceptsRecovery(user, code))
        {
            await AuditAsync(user.UserName!, "user.recovery-code", $"{user.RecoveryCodes.Length} left", cancellationToken).ConfigureAwait(false);
        }
        else if (!factor.Accepts(user, code))
        {
            return await users.CountWrongAsync(user).ConfigureAwait(false) == "locked" ? "locked" : "wrong-code";
        }

        user.AccessFailedCount = 0;
        await users.SaveAsync(user).ConfigureAwait(false);
        return null;
    }

    // The session is opened before another change of the account can happen: one that ends all sessions finds this one, too.
    private async Task<string?> EnterAsync(
        HttpContext http, string userName, Func<UserManager<AppUser>, AppUser?, Task<string?>> check)
    {
        var from = http.Connection.RemoteIpAddress?.ToString() ?? "local";
        var (user, outcome, session) = await accounts.ChangeAsync<(AppUser?, string?, Guid)>(userName, async (users, user) =>
        {
            var error = await check(users, user).ConfigureAwait(false);
            return (user, error, error is not null ? default : await sessions.OpenAsync(
                user!.Id, from, http.Request.Headers.UserAgent.ToString(), options.Value.SessionIdle, http.RequestAborted).ConfigureAwait(false));
        }, http.RequestAborted).ConfigureAwait(false);
        if (outcome == NeedsCode)
        {
            await RememberAsync(http, user!).ConfigureAwait(false);
            return outcome;
        }

        if (outcome is null)
        {
            var holder = new SessionHolder(user!.Id, user.UserName!, null);
            await http.SignInAsync(IdentityConstants.ApplicationScheme, SessionCookie.PrincipalOf(session, holder)).ConfigureAwait(false);
            await http.SignOutAsync(IdentityConstants.TwoFactorUserIdScheme).ConfigureAwait(false);
        }

        await AuditAsync(user?.UserName ?? "(unknown)", outcome is null ? "user.sign-in" : "user.sign-in-failed", $"from {from}", http.RequestAborted)
            .ConfigureAwait(false);
        return outcome;
    }

    // The password was right; the stamp makes this worthless as soon as the password is another.
    private static Task RememberAsync(HttpContext http, AppUser user) => http.SignInAsync(
        IdentityConstants.TwoFactorUserIdScheme,
        new ClaimsPrincipal(new ClaimsIdentity(
            [new(ClaimTypes.Name, user.UserName!), new(StampClaim, user.SecurityStamp!)], IdentityConstants.TwoFactorUserIdScheme)));

    private Task AuditAsync(string by, string action, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), by, action, by, detail), cancellationToken);
}
