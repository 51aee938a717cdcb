using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Hubs;

/// <summary>
/// Tells programs which runs and waves changed. A client calls <c>Watch(runId)</c> or <c>WatchAll()</c> and receives
/// <c>runChanged(runId)</c>, or <c>WatchWaves()</c> and receives <c>waveChanged(waveId)</c>; it then reads the run or wave by the REST API,
/// so that everyone sees the same truth. The empty id means: changes may have been missed, read again.
/// </summary>
[Authorize(Roles.Viewer)]
internal sealed class RunsHub : Hub
{
    /// <summary>Path of the hub.</summary>
    public const string Path = "/hubs/runs";

    /// <summary>Name of the message.</summary>
    public const string RunChanged = "runChanged";

    /// <summary>Name of the message of waves.</summary>
    public const string WaveChanged = "waveChanged";

    /// <summary>The group of those who watch waves.</summary>
    public const string Waves = "waves";

    /// <summary>The group of those who watch every run.</summary>
    public const string All = "runs";

    /// <summary>The group of those who watch one run.</summary>
    public static string One(Guid runId) => $"run:{runId}";

    /// <summary>Watches one run.</summary>
    public Task Watch(Guid runId) => Groups.AddToGroupAsync(Context.ConnectionId, One(runId), Context.ConnectionAborted);

    /// <summary>Ends watching one run.</summary>
    public Task Unwatch(Guid runId) => Groups.RemoveFromGroupAsync(Context.ConnectionId, One(runId), Context.ConnectionAborted);

    /// <summary>Watches every wave.</summary>
    public Task WatchWaves() => Groups.AddToGroupAsync(Context.ConnectionId, Waves, Context.ConnectionAborted);

    /// <summary>Watches every run.</summary>
    public Task WatchAll() => Groups.AddToGroupAsync(Context.ConnectionId, All, Context.ConnectionAborted);
}
