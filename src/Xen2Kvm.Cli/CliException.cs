namespace Xen2Kvm.Cli;

/// <summary>How a command ended.</summary>
public static class CliExit
{
    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It was tried and failed, was refused, or found something that stops a move.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a given file is wrong.</summary>
    public const int Usage = 2;
}

/// <summary>A command cannot go on; the message is for the person.</summary>
public sealed class CliException(string message, int exitCode = CliExit.Failed) : Exception(message)
{
    /// <summary>The exit code to end with.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>The dashboard did not answer; it may later.</summary>
    public bool IsTransient { get; init; }

    /// <summary>The command line is wrong.</summary>
    public static CliException Usage(string message) => new(message, CliExit.Usage);
}
