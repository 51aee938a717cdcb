using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.State;

/// <summary>The person in front of one browser window: name, what they may do, and their time zone. One per circuit.</summary>
public sealed class Viewer(TimeProvider time, Access access)
{
    /// <summary>Policy of those who manage people and tokens.</summary>
    public const string AdminPolicy = "Admin";

    /// <summary>Who has signed in, for services that check for themselves.</summary>
    public ClaimsPrincipal User { get; private set; } = new();

    /// <summary>The session of this browser; null when there is none.</summary>
    public Guid? Session => User.SessionId();

    /// <summary>Name under which acts are recorded.</summary>
    public string Name { get; private set; } = "";

    /// <summary>What they may do, and where.</summary>
    public Standing Standing { get; private set; } = new(null, []);

    /// <summary>May add, plan, start, stop and roll back, everywhere.</summary>
    public bool CanOperate => Standing.Has(Roles.Operator, Place.Whole);

    /// <summary>May manage people, tokens, and remove hosts.</summary>
    public bool CanAdminister => Standing.Has(Roles.Admin, Place.Whole);

    /// <summary>The role for everything, in a word.</summary>
    public string Role => Standing.Role ?? "";

    /// <summary>The viewer's time zone; UTC when the browser named none that is known here.</summary>
    public TimeZoneInfo Zone { get; private set; } = TimeZoneInfo.Utc;

    /// <summary>The time now.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Takes over who is signed in.</summary>
    public async Task IdentifyAsync(AuthenticationStateProvider authentication)
    {
        User = (await authentication.GetAuthenticationStateAsync()).User;
        Identify(User.Identity?.Name ?? User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", Standing.Of(User));
    }

    /// <summary>Sets who is there.</summary>
    public void Identify(string name, Standing standing) => (Name, Standing) = (name, standing);

    /// <summary>Sets the time zone by its IANA name; an unknown one leaves UTC.</summary>
    public void UseZone(string? zoneId)
    {
        if (zoneId is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zoneId, out var zone))
        {
            Zone = zone;
        }
    }

    /// <summary>Why a button is not for this person; null when it is.</summary>
    /// <param name="role">The role that its act needs.</param>
    /// <param name="place">Where it acts; null for the whole installation.</param>
    public string? WhyNot(string role = Roles.Operator, Place? place = null) => Standing.WhyNot(role, place ?? Place.Whole);

    /// <summary>Refuses an act that this person may not do: a hidden button is no protection. Which host is in which group is read anew.</summary>
    /// <exception cref="ForbiddenException">They may not.</exception>
    public async Task RequireAsync(string role, Place place, CancellationToken cancellationToken)
    {
        if (WhyNot(role, await access.AnewAsync(place, cancellationToken)) is { } why)
        {
            throw new ForbiddenException(why);
        }
    }

    /// <summary>A time in the viewer's zone.</summary>
    public string Time(DateTimeOffset at) => Formats.Time(at, Now, Zone);

    /// <summary>A full time with its zone.</summary>
    public string FullTime(DateTimeOffset at) => Formats.FullTime(at, Zone);
}
