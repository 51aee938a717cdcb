namespace Xen2Kvm.Engine.Ports;

/// <summary>What can change.</summary>
public enum ChangeKind
{
    /// <summary>A run: its state, log, evidence or samples.</summary>
    Run,

    /// <summary>A wave itself; its runs are told of on their own.</summary>
    Wave,

    /// <summary>A cleanup.</summary>
    Cleanup,

    /// <summary>A host: how it is reached, whether it answers, or what was seen on it.</summary>
    Host,
}

/// <summary>Tells that something has changed, whichever node changed it. It carries ids only: who wants to know more reads it.</summary>
public interface IChanges
{
    /// <summary>
    /// Calls back after each change of a kind with the id of what changed, or with <see cref="Guid.Empty"/> when changes may have been missed
    /// (the connection was lost for a while) and everything shown should be read again.
    /// </summary>
    /// <param name="of">Which kind.</param>
    /// <param name="onChanged">Called on the listener's thread, one call at a time: it must return at once and not throw.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    IDisposable Subscribe(ChangeKind of, Action<Guid> onChanged);
}
