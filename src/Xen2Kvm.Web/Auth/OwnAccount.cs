using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Persistence;

namespace Xen2Kvm.Web.Auth;

/// <summary>What people do with their own account: password, second factor, sessions. What weakens it asks for the password again.</summary>
public sealed class OwnAccount(Accounts accounts, SecondFactor factor, ISessionStore sessions, IAuditLog audit, TimeProvider time)
{
    /// <summary>The second factor as it stands.</summary>
    public Task<SecondFactorState> GetSecondFactorAsync(ClaimsPrincipal me, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return accounts.ReadAsync(async users => await users.FindByNameAsync(NameOf(me)).ConfigureAwait(false) is { TwoFactorEnabled: true } user
            ? new SecondFactorState(true, user.RecoveryCodes.Length) : new SecondFactorState(false, 0));
    }

    /// <summary>Changes the password and ends all other sessions.</summary>
    /// <exception cref="RefusedException">The present password is not right, or the new one is too weak.</exception>
    public async Task ChangePasswordAsync(ClaimsPrincipal me, string present, string wanted, CancellationToken cancellationToken) =>
        await ActAsync(me, present, "user.change-password", async (users, user) =>
        {
            // The present one was checked, and counted when wrong.
            (await users.ChangePasswordAsync(user, present, wanted).ConfigureAwait(false)).OrRefuse();
            await sessions.EndAllAsync(user.Id, me.SessionId(), cancellationToken).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    /// <summary>Makes a key for an authenticator app; nothing is asked for until <see cref="ConfirmSecondFactorAsync"/>.</summary>
    /// <exception cref="RefusedException">The password is not right, or the factor is on already.</exception>
    public Task<SecondFactorOffer> OfferSecondFactorAsync(ClaimsPrincipal me, string password, CancellationToken cancellationToken) =>
        ActAsync(me, password, null, async (users, user) =>
        {
            if (user.TwoFactorEnabled)
            {
                throw new RefusedException("The second factor is on already. Turn it off to set it up anew.");
            }

            var key = factor.NewKey(user);
            await users.SaveAsync(user).ConfigureAwait(false);
            return new SecondFactorOffer(key, Totp.Address(key, user.UserName!));
        }, cancellationToken);

    /// <summary>Turns the second factor on, once a code shows that the app has the key.</summary>
    /// <returns>The recovery codes, shown this once.</returns>
    /// <exception cref="RefusedException">The code is not right.</exception>
    public async Task<IReadOnlyList<string>> ConfirmSecondFactorAsync(ClaimsPrincipal me, string code, CancellationToken cancellationToken)
    {
        var codes = await accounts.ChangeAsync<IReadOnlyList<string>?>(NameOf(me), async (users, user) =>
        {
            if (user is not { DisabledAt: null, TwoFactorEnabled: false } || !factor.Accepts(user, code))
            {
                return null;
            }

            user.TwoFactorEnabled = true;
            var made = SecondFactor.NewRecoveryCodes(user);
            await users.SaveAsync(user).ConfigureAwait(false);
            return made;
        }, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException("This code is not right. Wait for the next one in the app; when that fails too, check the clock of your telephone.");
        await AuditAsync(me, "user.second-factor-on", "", cancellationToken).ConfigureAwait(false);
        return codes;
    }

    /// <summary>Turns the second factor off.</summary>
    /// <exception cref="RefusedException">The password is not right.</exception>
    public async Task TurnSecondFactorOffAsync(ClaimsPrincipal me, string password, CancellationToken cancellationToken) =>
        await ActAsync(me, password, "user.second-factor-off", async (users, user) =>
        {
            SecondFactor.Clear(user);
            await users.SaveAsync(user).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    /// <summary>Makes new recovery codes; those before are worthless from then on.</summary>
    /// <exception cref="RefusedException">The password is not right, or the factor is off.</exception>
    public Task<IReadOnlyList<string>> RenewRecoveryCodesAsync(ClaimsPrincipal me, string password, CancellationToken cancellationToken) =>
        ActAsync(me, password, "user.recovery-codes", async (users, user) =>
        {
            if (!user.TwoFactorEnabled)
            {
                throw new RefusedException("The second factor is off; there is nothing to recover.");
            }

            var codes = SecondFactor.NewRecoveryCodes(user);
            await users.SaveAsync(user).ConfigureAwait(false);
            return codes;
        }, cancellationToken);

    /// <summary>One's open sessions, the latest used first.</summary>
    public Task<IReadOnlyList<SessionOfPerson>> ListSessionsAsync(ClaimsPrincipal me, CancellationToken cancellationToken) =>
        sessions.ListAsync(IdOf(me), cancellationToken);

    /// <summary>Ends one of one's sessions: its next request is refused, its open pages end within seconds.</summary>
    public async Task EndSessionAsync(ClaimsPrincipal me, Guid session, CancellationToken cancellationToken)
    {
        if (await sessions.EndAsync(IdOf(me), session, cancellationToken).ConfigureAwait(false))
        {
            await AuditAsync(me, "user.end-session", session.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends all one's sessions but the one that asks.</summary>
    public async Task EndOtherSessionsAsync(ClaimsPrincipal me, CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAllAsync(IdOf(me), me.SessionId(), cancellationToken).ConfigureAwait(false);
        await AuditAsync(me, "user.end-sessions", $"{ended} others", cancellationToken).ConfigureAwait(false);
    }

    private static string NameOf(ClaimsPrincipal me) => me.Identity?.Name ?? "";

    private static Guid IdOf(ClaimsPrincipal me) => Guid.TryParse(me.FindFirstValue(ClaimTypes.NameIdentifier), out var id) ? id : Guid.Empty;

    private async Task<T> ActAsync<T>(
        ClaimsPrincipal me, string password, string? action, Func<UserManager<AppUser>, AppUser, Task<T>> act, CancellationToken cancellationToken)
    {
        // A wrong password is stored as such; a refusal would take that back.
        var (done, error) = await accounts.ChangeAsync<(T?, string?)>(NameOf(me), async (users, user) =>
            user is not { DisabledAt: null } ? (default, "gone")
            : await users.CheckAsync(user, password).ConfigureAwait(false) is { } wrong ? (default, wrong)
            : (await act(users, user).ConfigureAwait(false), null), cancellationToken).ConfigureAwait(false);
        if (error is not null)
        {
            await AuditAsync(me, "user.password-refused", action ?? "", cancellationToken).ConfigureAwait(false);
            throw new RefusedException(error switch
            {
                "gone" => "Your account may not be used any more. Ask a person with the role Admin.",
                "locked" => "Too many wrong passwords. Wait some minutes, then try again.",
                _ => "Your present password is not right. Check it, and whether Caps Lock is on.",
            });
        }

        if (action is not null)
        {
            await AuditAsync(me, action, "", cancellationToken).ConfigureAwait(false);
        }

        return done!;
    }

    private Task AuditAsync(ClaimsPrincipal me, string action, string detail, CancellationToken cancellationToken) =>
        audit.AppendAsync(new AuditEntry(time.GetUtcNow(), me.ActorName(), action, NameOf(me), detail), cancellationToken);
}

/// <summary>A second factor as it stands.</summary>
/// <param name="IsOn">Whether a code is asked for after the password.</param>
/// <param name="RecoveryCodesLeft">Recovery codes not used yet.</param>
public sealed record SecondFactorState(bool IsOn, int RecoveryCodesLeft);

/// <summary>A key for an authenticator app, shown this once.</summary>
/// <param name="Key">To type.</param>
/// <param name="Address">To read from a picture: <c>otpauth://totp/…</c>.</param>
public sealed record SecondFactorOffer(string Key, string Address);
