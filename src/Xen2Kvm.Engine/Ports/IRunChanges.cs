namespace Xen2Kvm.Engine.Ports;

/// <summary>Tells that runs have changed, whichever node changed them. It carries ids only: who wants to know more reads the run.</summary>
public interface IRunChanges
{
    /// <summary>
    /// Calls back after each change of a run (state, log, evidence or samples) with the run's id, or with <see cref="Guid.Empty"/> when
    /// changes may have been missed (the connection was lost for a while) and every run shown should be read again.
    /// </summary>
    /// <param name="onChanged">Called on the listener's thread, one call at a time: it must return at once and not throw.</param>
    /// <returns>Ends the subscription when disposed.</returns>
    IDisposable Subscribe(Action<Guid> onChanged);
}
