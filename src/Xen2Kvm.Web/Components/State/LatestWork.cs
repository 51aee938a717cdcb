namespace Xen2Kvm.Web.Components.State;

/// <summary>
/// Works something out of choices that may change while it is worked out: one time after the other, and once more after the last change, so
/// that the last word wins. For one page, on its own thread of work.
/// </summary>
/// <param name="work">Works it out of the choices as they are when it begins.</param>
internal sealed class LatestWork(Func<Task> work)
{
    private bool _changed;

    /// <summary>The work in progress; done when everything asked for was worked out.</summary>
    public Task Current { get; private set; } = Task.CompletedTask;

    /// <summary>It is being worked out.</summary>
    public bool IsRunning => !Current.IsCompleted;

    /// <summary>A choice changed: works it out, or once more when that is going on.</summary>
    public Task ChangedAsync()
    {
        _changed = true;
        return IsRunning ? Current : Current = UntilUnchangedAsync();
    }

    private async Task UntilUnchangedAsync()
    {
        while (_changed)
        {
            _changed = false;
            await work();
        }
    }
}
