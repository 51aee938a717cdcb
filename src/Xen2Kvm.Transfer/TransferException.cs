namespace Xen2Kvm.Transfer;

/// <summary>A transfer cannot go on. The message says what happened, where, and what to do next.</summary>
public sealed class TransferException : Exception
{
    /// <summary>A failure that is not tied to one disk.</summary>
    public TransferException(string message, bool isTransient = false, Exception? inner = null)
        : base(message, inner) => IsTransient = isTransient;

    /// <summary>True when trying again may help (a lost connection); false when something must be changed first.</summary>
    public bool IsTransient { get; }

    /// <summary>The id of the disk that the failure concerns, if one.</summary>
    public string? Disk { get; init; }
}
