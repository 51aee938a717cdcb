using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Authorization;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.State;

/// <summary>The person in front of one browser window: name, what they may do, and their time zone. One per circuit.</summary>
public sealed class Viewer(TimeProvider time)
{
    /// <summary>Policy of those who may act.</summary>
    public const string OperatorPolicy = "Operator";

    /// <summary>Policy of those who manage people and tokens.</summary>
    public const string AdminPolicy = "Admin";

    /// <summary>Who has signed in, for services that check for themselves.</summary>
    public ClaimsPrincipal User { get; private set; } = new();

    /// <summary>The session of this browser; null when there is none.</summary>
    public Guid? Session => User.SessionId();

    /// <summary>Name under which acts are recorded.</summary>
    public string Name { get; private set; } = "";

    /// <summary>May add, plan, start, stop and roll back.</summary>
    public bool CanOperate { get; private set; }

    /// <summary>May manage people, tokens, and remove hosts.</summary>
    public bool CanAdminister { get; private set; }

    /// <summary>Highest role, in a word.</summary>
    public string Role { get; private set; } = "";

    /// <summary>The viewer's time zone; UTC when the browser named none that is known here.</summary>
    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    /// <summary>The time now.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Takes over who is signed in.</summary>
    public async Task IdentifyAsync(AuthenticationStateProvider authentication, IAuthorizationService authorization)
    {
        var user = User = (await authentication.GetAuthenticationStateAsync()).User;
        Identify(
            user.Identity?.Name ?? user.FindFirstValue(ClaimTypes.NameIdentifier) ?? "",
            (await authorization.AuthorizeAsync(user, OperatorPolicy)).Succeeded,
            (await authorization.AuthorizeAsync(user, AdminPolicy)).Succeeded);
        Role = user.HighestRole() ?? "";
    }

    /// <summary>Sets who is there.</summary>
    public void Identify(string name, bool canOperate, bool canAdminister) => (Name, CanOperate, CanAdminister) = (name, canOperate, canAdminister);

    /// <summary>Sets the time zone by its IANA name; an unknown one leaves UTC.</summary>
    public void UseZone(string? zoneId)
    {
        if (zoneId is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zoneId, out var zone))
        {
            Zone = zone;
        }
    }

    /// <summary>Why a button is not for this person; null when it is.</summary>
    public string? WhyNot(bool adminOnly = false) => (adminOnly, CanOperate, CanAdminister) switch
    {
        (true, _, false) => "Your role may not do this. Ask a person with the role Admin.",
        (false, false, _) => "Your role may look but not act. Ask a person with the role Operator or Admin.",
        _ => null,
    };

    /// <summary>Refuses an act that this person may not do: a hidden button is no protection.</summary>
    /// <exception cref="RefusedException">They may not.</exception>
    public void Require(bool adminOnly = false)
    {
        if (WhyNot(adminOnly) is { } why)
        {
            throw new RefusedException(why);
        }
    }

    /// <summary>A time in the viewer's zone.</summary>
    public string Time(DateTimeOffset at) => Formats.Time(at, Now, Zone);

    /// <summary>A full time with its zone.</summary>
    public string FullTime(DateTimeOffset at) => Formats.FullTime(at, Zone);
}
