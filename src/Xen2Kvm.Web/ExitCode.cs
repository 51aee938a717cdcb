namespace Xen2Kvm.Web;

/// <summary>How the program ended, for scripts and service managers.</summary>
public enum ExitCode
{
    /// <summary>It was asked to stop.</summary>
    Ended = 0,

    /// <summary>Something unexpected; the message is on standard error.</summary>
    Unexpected = 1,

    /// <summary>The configuration is wrong; every fault is on standard error.</summary>
    InvalidConfiguration = 2,

    /// <summary>Another program listens on the address.</summary>
    AddressInUse = 3,

    /// <summary>The database cannot be started or reached; the message says what to do.</summary>
    DatabaseUnavailable = 4,

    /// <summary>What was asked for cannot be done; the message says why.</summary>
    Refused = 5,
}
