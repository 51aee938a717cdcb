using Xen2Kvm.Domain.Limits;
using Xen2Kvm.Engine.Limits;

namespace Xen2Kvm.Web.Components.Pages.Limits;

/// <summary>A limit while it is edited.</summary>
public sealed class LimitForm
{
    private readonly int? _version;

    /// <summary>A new limit of the viewer's zone.</summary>
    public LimitForm(string zone) => Zone = zone;

    /// <summary>The form of a stored limit.</summary>
    public LimitForm(LimitRule stored)
    {
        (Id, _version, Kind, Host, Pool, Zone) = (stored.Id, stored.Version, stored.Kind, stored.Scope.Host ?? "", stored.Scope.Pool ?? "", stored.Zone);
        (HasTimes, From, To, Days) = (stored.From is not null, stored.From ?? From, stored.To ?? To, [.. stored.Days]);
        if (stored.Kind == LimitKind.Runs)
        {
            Runs = stored.Value;
        }
        else
        {
            Rate = stored.Value / 1e6m;
        }
    }

    /// <summary>The stored limit; null for a new one.</summary>
    public Guid? Id { get; }

    /// <summary>What is limited.</summary>
    public LimitKind Kind { get; set; } = LimitKind.BytesPerSecond;

    /// <summary>Runs at once.</summary>
    public long? Runs { get; set; } = 2;

    /// <summary>MB/s.</summary>
    public decimal? Rate { get; set; } = 40;

    /// <summary>Host; empty for everywhere.</summary>
    public string Host { get; set; } = "";

    /// <summary>Pool of that host; empty for all of it.</summary>
    public string Pool { get; set; } = "";

    /// <summary>Days; none for every day.</summary>
    public HashSet<DayOfWeek> Days { get; } = [];

    /// <summary>It begins and ends at a time of day.</summary>
    public bool HasTimes { get; set; }

    /// <summary>When it begins.</summary>
    public TimeOnly From { get; set; } = new(8, 0);

    /// <summary>When it ends.</summary>
    public TimeOnly To { get; set; } = new(18, 0);

    /// <summary>Time zone.</summary>
    public string Zone { get; set; }

    /// <summary>As the engine takes it.</summary>
    public LimitDraft ToDraft() => new(
        Kind, Kind == LimitKind.Runs ? Runs ?? -1 : (long)Math.Clamp((Rate ?? 0) * 1e6m, 0, long.MaxValue / 2),
        new LimitScope(Host.Length > 0 ? Host : null, Kind == LimitKind.Runs && Host.Length > 0 && Pool.Length > 0 ? Pool : null),
        [.. Days], HasTimes ? From : null, HasTimes ? To : null, Zone, _version);
}
