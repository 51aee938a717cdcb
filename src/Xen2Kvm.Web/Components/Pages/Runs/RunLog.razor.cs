using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Components.State;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>The live log of a run. It reads its lines itself: a new line draws nothing but the log again.</summary>
public sealed partial class RunLog
{
    private const int Page = 2000;
    private static readonly string[] _levels = ["debug", "warning", "error"];
    private readonly LogBuffer _buffer = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly LatestWork _filtering;
    private ElementReference _element;
    private DotNetObjectReference<RunLog>? _self;
    private string _text = "";
    private bool _following = true;
    private bool _scroll;
    private bool _read;
    private bool _saving;
    private int _new;

    /// <summary>Reads nothing before it knows of which run.</summary>
    public RunLog() => _filtering = new LatestWork(() => TryAsync(cancellationToken => ReadAsync(ReadEndAsync, cancellationToken)));

    /// <summary>The run's id.</summary>
    [Parameter, EditorRequired]
    public Guid RunId { get; set; }

    /// <summary>Guest name, for the file.</summary>
    [Parameter, EditorRequired]
    public string GuestName { get; set; } = "";

    /// <summary>Ids of the steps.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<string> Steps { get; set; } = [];

    /// <summary>Shown step, or null for all.</summary>
    [Parameter]
    public string? Step { get; set; }

    /// <summary>Least level in a word, or null.</summary>
    [Parameter]
    public string? Level { get; set; }

    /// <summary>Searched text.</summary>
    [Parameter]
    public string? Query { get; set; }

    /// <summary>A filter was chosen: its name in the address bar and its value.</summary>
    [Parameter]
    public EventCallback<(string Name, string? Value)> Choose { get; set; }

    /// <summary>Called by the browser when the reader scrolls away from the end, or back to it.</summary>
    [JSInvokable]
    public void FollowChanged(bool following)
    {
        _following = following;
        _new = 0;
        StateHasChanged();
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _text = Query ?? "";
        await _filtering.ChangedAsync();
        _read = true;
        _scroll = true;
        Follow(RunId, cancellationToken => ReadAsync(ReadNewAsync, cancellationToken));
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (_read && Wanted != _buffer.Query)
        {
            await _filtering.ChangedAsync();
            (_following, _new, _scroll) = (true, 0, true);
        }
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        try
        {
            if (firstRender)
            {
                _self = DotNetObjectReference.Create(this);
                Own(_self);
                await Js.InvokeVoidAsync("x2k.log.attach", Gone, _element, _self);
            }

            // Only after the rows are drawn is there an end to scroll to.
            if (_scroll && _following)
            {
                _scroll = false;
                await Js.InvokeVoidAsync("x2k.log.toEnd", Gone, _element);
            }
        }
        catch (Exception gone) when (gone is JSDisconnectedException or OperationCanceledException)
        {
            // The browser is gone; there is nothing to scroll.
        }
    }

    private async Task ReadAsync(Func<CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        // Two reads at once would add the same lines twice.
        await _reading.WaitAsync(cancellationToken);
        try
        {
            await read(cancellationToken);
        }
        finally
        {
            _reading.Release();
        }
    }

    private RunLogQuery Wanted => LogBuffer.ToQuery(Step, Level, Query);

    // The end of what passes the filter: the ledger looks for it, so that a page need not read a million lines to show the last.
    private async Task ReadEndAsync(CancellationToken cancellationToken)
    {
        var wanted = Wanted;
        var last = await Runs.ReadLogBackAsync(RunId, new RunLogQuery { Most = 1 }, cancellationToken);
        var begun = wanted with { Before = last is [var line] ? line.Sequence + 1 : 1, Most = Page };
        var lines = await Runs.ReadLogBackAsync(RunId, begun, cancellationToken);
        _buffer.Begin(wanted, begun.Before - 1);
        _buffer.AddEarlier(lines, hasMore: lines.Count == Page);
    }

    private async Task EarlierAsync()
    {
        var rows = 0;
        await TryAsync(cancellationToken => ReadAsync(
            async token =>
            {
                var lines = await Runs.ReadLogBackAsync(RunId, _buffer.Earlier(Page), token);
                rows = _buffer.AddEarlier(lines, hasMore: lines.Count == Page);
            },
            cancellationToken));
        _following = false;

        // Drawn first: only then is there a place to go to.
        StateHasChanged();
        await Js.InvokeVoidAsync("x2k.log.keepPlace", Gone, _element, rows);
    }

    // What is new since: one read for every page that follows this run.
    private async Task ReadNewAsync(CancellationToken cancellationToken) => Add(await Reader.ReadLogAsync(RunId, _buffer.Last, cancellationToken));

    private void Add(IReadOnlyList<RunLogLine> lines)
    {
        var added = _buffer.Add(lines);
        _new += _following ? 0 : added;
        _scroll |= added > 0;
    }

    private async Task ToEndAsync()
    {
        (_following, _new) = (true, 0);
        await Js.InvokeVoidAsync("x2k.log.toEnd", Gone, _element);
    }

    private async Task DownloadAsync()
    {
        _saving = true;
        await TryAsync(async cancellationToken =>
        {
            var text = new StringBuilder();
            long last = 0;
            while (await Runs.ReadLogAsync(RunId, last, Page, cancellationToken) is { Count: > 0 } lines)
            {
                LogBuffer.Write(text, lines);
                last = lines[^1].Sequence;
            }

            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text.ToString()));
            using var reference = new DotNetStreamReference(stream);
            await Js.InvokeVoidAsync("x2k.download", cancellationToken, $"{Domain.Planning.DiskLayout.SafeName(GuestName)}-{RunId:N}.log", "text/plain", reference);
        });
        _saving = false;
    }
}
