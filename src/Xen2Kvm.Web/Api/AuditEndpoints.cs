using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Engine.Records;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/audit.</summary>
internal static class AuditEndpoints
{
    private const int MostEntries = 5000;

    // Names with letters beyond ASCII stay readable; it is a file, never part of a page.
    private static readonly JsonSerializerOptions OneLine = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("", SearchAsync)
            .WithSummary("Acts, newest first, at most 5000; `before` takes the id of the last one and gives those that follow it")
            .ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("/export", Export)
            .WithSummary("All acts of a filter in the order of writing, with their hashes, as `jsonl` (exact) or `csv` (cells that a spreadsheet would run begin with an apostrophe)")
            .Produces(StatusCodes.Status200OK, contentType: "application/jsonl", additionalContentTypes: "text/csv")
            .ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("/verify", (AuditCheck check, CancellationToken cancellationToken) => check.CheckAsync(cancellationToken))
            .WithSummary("Walk the chain of hashes: whether every act is what was written, and the first place where one is not");
    }

    private static Task<IReadOnlyList<AuditRecord>> SearchAsync(
        [AsParameters] AuditFilter filter, IAuditLog audit, CancellationToken cancellationToken, long? before = null, int most = 200) =>
        audit.SearchAsync(filter.ToQuery() with { Before = before }, Math.Clamp(most, 1, MostEntries), cancellationToken);

    private static IResult Export(
        [AsParameters] AuditFilter filter, IAuditLog audit, TimeProvider time, CancellationToken cancellationToken, string format = "jsonl")
    {
        var entries = audit.ReadAsync(filter.ToQuery(), cancellationToken);
        var name = string.Create(CultureInfo.InvariantCulture, $"audit-{time.GetUtcNow():yyyy-MM-dd}.{format}");
        return format switch
        {
            "jsonl" => TypedResults.Stream(body => WriteAsync(body, entries, "", JsonLine), "application/jsonl", name),
            "csv" => TypedResults.Stream(body => WriteAsync(body, entries, "id,at,by,action,subject,detail,hash\r\n", CsvLine), "text/csv; charset=utf-8", name),
            _ => throw ApiException.Invalid($"The format is jsonl or csv, not {format}."),
        };
    }

    // The log may be larger than the memory: each line goes out when the writer is full.
    private static async Task WriteAsync(Stream body, IAsyncEnumerable<AuditRecord> entries, string head, Action<StringBuilder, AuditRecord> write)
    {
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 15, leaveOpen: true);
        await writer.WriteAsync(head).ConfigureAwait(false);
        var line = new StringBuilder();
        await foreach (var entry in entries.ConfigureAwait(false))
        {
            write(line.Clear(), entry);
            await writer.WriteAsync(line).ConfigureAwait(false);
        }
    }

    private static void JsonLine(StringBuilder text, AuditRecord entry) => text.Append(JsonSerializer.Serialize(entry, OneLine)).Append('\n');

    private static void CsvLine(StringBuilder text, AuditRecord entry) => Csv.Line(
        text, entry.Id, entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), entry.By, entry.Action, entry.Subject, entry.Detail, entry.Hash);
}

/// <summary>The filters of the audit log in a query string.</summary>
/// <param name="Q">Part of the subject or the detail.</param>
/// <param name="By">Who.</param>
/// <param name="Act">Which act.</param>
/// <param name="From">From this time on, ISO 8601.</param>
/// <param name="To">Before this time.</param>
internal sealed record AuditFilter(string? Q = null, string? By = null, string? Act = null, DateTimeOffset? From = null, DateTimeOffset? To = null)
{
    /// <summary>The query that they stand for.</summary>
    public AuditQuery ToQuery() => new() { Text = Q, By = By, Action = Act, From = From, To = To };
}
