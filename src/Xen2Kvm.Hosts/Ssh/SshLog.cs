using Microsoft.Extensions.Logging;

namespace Xen2Kvm.Hosts.Ssh;

/// <summary>Log messages of the SSH side; ids 40xx.</summary>
internal static partial class SshLog
{
    [LoggerMessage(4001, LogLevel.Debug, "Connected to {Host} at {Address} port {Port}")]
    public static partial void Connected(ILogger logger, string host, string address, int port);

    [LoggerMessage(4002, LogLevel.Information, "No connection to {Host}: {Reason}")]
    public static partial void ConnectFailed(ILogger logger, string host, string reason);

    [LoggerMessage(4003, LogLevel.Warning, "The connection to {Host} ended by itself; the next command opens it again")]
    public static partial void Lost(ILogger logger, string host);

    [LoggerMessage(4004, LogLevel.Debug, "Ended process group {ProcessId} on {Host}")]
    public static partial void Killed(ILogger logger, int processId, string host);

    [LoggerMessage(4005, LogLevel.Debug, "{Host} refused another session; trying again")]
    public static partial void SessionRefused(ILogger logger, string host);
}
