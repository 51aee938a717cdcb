using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Xen2Kvm.Web.Components.Controls;

/// <summary>Shows rows of a log that another component reads, and knows whether its reader follows the end. Each row is 20 px high.</summary>
/// <typeparam name="TRow">What a row is drawn from.</typeparam>
public sealed partial class LogView<TRow> : IDisposable
{
    private ElementReference _element;
    private DotNetObjectReference<LogView<TRow>>? _self;
    private bool _following = true;
    private bool _scroll;
    private int? _row;
    private int _turn = -1;
    private int _count;
    private int _inFront;
    private int _new;

    /// <summary>The browser.</summary>
    [Inject]
    public required IJSRuntime Js { get; init; }

    /// <summary>The rows; the same list, with more of them, when lines were added.</summary>
    [Parameter, EditorRequired]
    public required List<TRow> Rows { get; set; }

    /// <summary>Draws one row.</summary>
    [Parameter, EditorRequired]
    public required RenderFragment<TRow> Row { get; set; }

    /// <summary>What stands there while there is no row.</summary>
    [Parameter, EditorRequired]
    public required string Empty { get; set; }

    /// <summary>The rows end before the log does: who wants to go to its end has it read by <see cref="GoBeyond"/>.</summary>
    [Parameter]
    public bool EndsEarly { get; set; }

    /// <summary>The end of the log is wanted, and is not among the rows.</summary>
    [Parameter]
    public EventCallback GoBeyond { get; set; }

    /// <summary>Another number than before: these are other rows, and the reader begins at <see cref="At"/>.</summary>
    [Parameter]
    public int Turn { get; set; }

    /// <summary>Index of the row that a turn begins at; null for the end.</summary>
    [Parameter]
    public int? At { get; set; }

    /// <summary>Rows were put in front, and are about to be drawn: the reader stays at the row they are at.</summary>
    /// <param name="rows">How many.</param>
    public void Hold(int rows) => (_following, _inFront) = (false, rows);

    /// <summary>Called by the browser when the reader scrolls away from the end, or back to it.</summary>
    [JSInvokable]
    public void FollowChanged(bool following)
    {
        (_following, _new) = (following, 0);
        StateHasChanged();
    }

    /// <inheritdoc/>
    public void Dispose() => _self?.Dispose();

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        var added = Math.Max(0, Rows.Count - _count - _inFront);
        _count = Rows.Count;
        if (Turn != _turn)
        {
            (_turn, _following, _new, _scroll, _row) = (Turn, At is null, 0, true, At);
        }
        else if (added > 0)
        {
            _new += _following ? 0 : added;
            _scroll = _following;
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            await CallAsync("x2k.log.attach", _element, _self);
        }

        // Only after the rows are drawn is there a place to scroll to.
        if (_inFront > 0)
        {
            var rows = _inFront;
            _inFront = 0;
            await CallAsync("x2k.log.keepPlace", _element, rows);
        }
        else if (_scroll && Rows.Count > 0)
        {
            var row = _row;
            (_scroll, _row) = (false, null);
            await (row is null ? CallAsync("x2k.log.toEnd", _element) : CallAsync("x2k.log.toRow", _element, row));
        }
    }

    private async Task ToEndAsync()
    {
        if (EndsEarly)
        {
            await GoBeyond.InvokeAsync();
            return;
        }

        (_following, _new) = (true, 0);
        await CallAsync("x2k.log.toEnd", _element);
    }

    private async Task CallAsync(string function, params object[] arguments)
    {
        try
        {
            await Js.InvokeVoidAsync(function, arguments);
        }
        catch (Exception gone) when (gone is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone; there is nothing to scroll.
        }
    }
}
