using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Xen2Kvm.Web.Auth;

namespace Xen2Kvm.Web.Hubs;

/// <summary>
/// Tells programs which runs, waves, cleanups and hosts changed. A client calls <c>Watch(runId)</c> or <c>WatchAll()</c> and receives
/// <c>runChanged(runId)</c>, <c>WatchWaves()</c> and receives <c>waveChanged(waveId)</c>, <c>WatchCleanups()</c> and receives
/// <c>cleanupChanged(cleanupId)</c>, or <c>WatchHosts()</c> and receives <c>hostChanged(hostId)</c>; it then reads that by the REST API, so that
/// everyone sees the same truth. The empty id means: changes may have been missed, read again.
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

    /// <summary>Name of the message of cleanups.</summary>
    public const string CleanupChanged = "cleanupChanged";

    /// <summary>Name of the message of hosts and what was seen on them.</summary>
    public const string HostChanged = "hostChanged";

    /// <summary>The group of those who watch hosts.</summary>
    public const string Hosts = "hosts";

    /// <summary>The group of those who watch cleanups.</summary>
    public const string Cleanups = "cleanups";

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

    /// <summary>Watches every cleanup.</summary>
    public Task WatchCleanups() => Groups.AddToGroupAsync(Context.ConnectionId, Cleanups, Context.ConnectionAborted);

    /// <summary>Watches every host and what is seen on it.</summary>
    public Task WatchHosts() => Groups.AddToGroupAsync(Context.ConnectionId, Hosts, Context.ConnectionAborted);

    /// <summary>Watches every run.</summary>
    public Task WatchAll() => Groups.AddToGroupAsync(Context.ConnectionId, All, Context.ConnectionAborted);
}
