using Microsoft.Extensions.Logging;

namespace Xen2Kvm.Persistence.Embedded;

/// <content>Log messages.</content>
public sealed partial class EmbeddedPostgres
{
    [LoggerMessage(6001, LogLevel.Information, "Makes the private PostgreSQL cluster in {Home}.")]
    private static partial void LogMaking(ILogger logger, string home);

    [LoggerMessage(6002, LogLevel.Information, "Started the private PostgreSQL cluster in {Home}, process {ProcessId}.")]
    private static partial void LogStarted(ILogger logger, string home, int processId);

    [LoggerMessage(6003, LogLevel.Information, "The private PostgreSQL cluster in {Home} runs already, process {ProcessId}; uses it.")]
    private static partial void LogAdopted(ILogger logger, string home, int processId);

    [LoggerMessage(6004, LogLevel.Information, "Stopped the private PostgreSQL cluster in {Home}.")]
    private static partial void LogStopped(ILogger logger, string home);

    [LoggerMessage(6006, LogLevel.Information, "The private PostgreSQL cluster in {Home} is left running: another program uses it.")]
    private static partial void LogLeft(ILogger logger, string home);

    [LoggerMessage(6005, LogLevel.Warning, "The private PostgreSQL cluster in {Home} did not stop: {Reason}. The next start adopts it.")]
    private static partial void LogNotStopped(ILogger logger, string home, string reason);
}
