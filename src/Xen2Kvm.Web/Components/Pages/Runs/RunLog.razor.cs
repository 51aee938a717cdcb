using Microsoft.AspNetCore.Components;
using Xen2Kvm.Domain.Runs;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Web.Components.Controls;
using Xen2Kvm.Web.Components.State;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Components.Pages.Runs;

/// <summary>The live log of a run. It reads its lines itself: a new line draws nothing but the log again.</summary>
public sealed partial class RunLog
{
    private const int Page = 2000;
    private static readonly string[] _levels = ["debug", "warning", "error"];
    private readonly LogBuffer _buffer = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly LatestWork _filtering;
    private LogView<LogRow>? _view;
    private string _text = "";
    private bool _read;
    private bool _standing;
    private long? _at;
    private int _turn;

    /// <summary>Reads nothing before it knows of which run.</summary>
    public RunLog() => _filtering = new LatestWork(() => TryAsync(cancellationToken => ReadAsync(ReadEndAsync, cancellationToken)));

    /// <summary>The run's id.</summary>
    [Parameter, EditorRequired]
    public Guid RunId { get; set; }

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

    /// <summary>Sequence number of the line that somebody linked; null for the end.</summary>
    [Parameter]
    public long? Line { get; set; }

    /// <summary>A filter was chosen: its name in the address bar and its value.</summary>
    [Parameter]
    public EventCallback<(string Name, string? Value)> Choose { get; set; }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _text = Query ?? "";
        await _filtering.ChangedAsync();
        _read = true;
        Follow(RunId, cancellationToken => ReadAsync(ReadNewAsync, cancellationToken));

        // What was written before the page followed: the last lines of a run are followed by nothing that would show them.
        await TryAsync(cancellationToken => ReadAsync(ReadNewAsync, cancellationToken));
    }

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (!_read)
        {
            return;
        }

        if (Wanted != _buffer.Query || (Line != _at && (Line is null ? _standing : _buffer.RowOf(Line.Value) < 0)))
        {
            await _filtering.ChangedAsync();
        }
        else if (Line != _at)
        {
            // It is here already: it is only marked.
            (_at, _turn) = (Line, _turn + 1);
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
        var end = last is [var one] ? one.Sequence : 0;
        var before = Line is { } at && at < end ? Math.Min(end, Math.Max(at, 0) + (Page / 2)) + 1 : end + 1;
        var lines = await Runs.ReadLogBackAsync(RunId, wanted with { Before = before, Most = Page }, cancellationToken);
        _buffer.Begin(wanted, end);
        _buffer.AddEarlier(lines, hasMore: lines.Count == Page);

        // With a gap before the end, what is new would be drawn right beneath what is old: it waits until the reader goes to the end.
        (_at, _standing, _turn) = (Line, before <= end, _turn + 1);
    }

    private async Task EarlierAsync()
    {
        await TryAsync(cancellationToken => ReadAsync(
            async token =>
            {
                var lines = await Runs.ReadLogBackAsync(RunId, _buffer.Earlier(Page), token);
                _view?.Hold(_buffer.AddEarlier(lines, hasMore: lines.Count == Page));
            },
            cancellationToken));
    }

    // What is new since: one read for every page that follows this run.
    private async Task ReadNewAsync(CancellationToken cancellationToken)
    {
        if (!_standing)
        {
            _buffer.Add(await Reader.ReadLogAsync(RunId, _buffer.Last, cancellationToken));
        }
    }

    private Task ToEndAsync() => Choose.InvokeAsync(("line", null));

    private int? Begin => _at is { } line && _buffer.RowOf(line) is >= 0 and var row ? row : null;

    private string LineClass(RunLogLine line) => $"log-line level-{StateWords.Level(line.Level)}{(line.Sequence == _at ? " linked" : "")}";

    private string LineLink(long line) => Navigation.GetUriWithQueryParameter("line", line);

    // What passes the filter, as the API gives it to whoever is signed in.
    private string Text(bool times) => Navigation.GetUriWithQueryParameters($"/api/v1/runs/{RunId}/log/text", new Dictionary<string, object?>
    {
        ["q"] = Wanted.Text, ["step"] = Step, ["level"] = Wanted.Level.ToString(), ["times"] = times ? "true" : "false",
    });
}
