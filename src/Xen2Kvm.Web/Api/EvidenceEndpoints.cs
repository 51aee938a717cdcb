using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Web.Api;

/// <summary>/api/v1/runs/{id}/evidence: the files kept as proof.</summary>
internal static class EvidenceEndpoints
{
    /// <summary>Maps the group.</summary>
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/{id:guid}/evidence", ListAsync).WithSummary("Files kept as proof of a run");
        group.MapGet("/{id:guid}/evidence/{name}", GetAsync).WithSummary("One of these files").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IReadOnlyList<EvidenceSummary>> ListAsync(Guid id, RunService runs, CancellationToken cancellationToken)
    {
        await RunEndpoints.FindAsync(id, runs, cancellationToken).ConfigureAwait(false);
        return [.. (await runs.ListEvidenceAsync(id, cancellationToken).ConfigureAwait(false))
            .Select(file => new EvidenceSummary(file.Name, file.MediaType, file.At))];
    }

    private static async Task<IResult> GetAsync(
        Guid id, string name, HttpContext http, RunService runs, CancellationToken cancellationToken)
    {
        var file = await runs.FindEvidenceAsync(id, name, cancellationToken).ConfigureAwait(false)
            ?? throw ApiException.NotFound($"This run keeps no file {name}.");

        // The content comes from a guest (its console, its screen): the browser shows pictures and text, and runs nothing.
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
        var shown = file.MediaType is "image/png" || file.MediaType.StartsWith("text/plain", StringComparison.Ordinal);
        var type = file.MediaType == "text/plain" ? "text/plain; charset=utf-8" : file.MediaType;
        return TypedResults.Bytes(file.Content, type, shown ? null : file.Name, lastModified: file.At);
    }
}

/// <summary>A file kept with a run.</summary>
/// <param name="Name">File name.</param>
/// <param name="MediaType">Media type.</param>
/// <param name="At">When it was taken.</param>
internal sealed record EvidenceSummary(string Name, string MediaType, DateTimeOffset At);
