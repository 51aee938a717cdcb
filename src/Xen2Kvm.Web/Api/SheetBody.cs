using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Api;

/// <summary>Reads a wave's sheet from a request: JSON, or CSV with the wave's name in the address.</summary>
internal static class SheetBody
{
    private const int MostBytes = 20_000_000;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">It cannot be read; the message says where.</exception>
    public static async Task<WaveSheet> ReadAsync(HttpRequest request, string? name, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MostBytes)
        {
            throw ApiException.Invalid("The sheet is larger than 20 MB.");
        }

        if (request.ContentType?.StartsWith(MediaTypeNames.Text.Csv, StringComparison.OrdinalIgnoreCase) == true)
        {
            using var bytes = new MemoryStream();
            await request.Body.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            var (rows, problems) = WaveCsv.Read(bytes.ToArray());
            return problems.Count > 0
                ? throw ApiException.Invalid(string.Join("\n", problems.Take(20)) + (problems.Count > 20 ? $"\nAnd {problems.Count - 20} more." : ""))
                : new WaveSheet(name ?? "", rows);
        }

        var options = request.HttpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        try
        {
            var sheet = await JsonSerializer.DeserializeAsync<WaveSheet>(request.Body, options, cancellationToken).ConfigureAwait(false);
            return sheet is { Rows: not null } ? sheet with { Name = name ?? sheet.Name ?? "" } : throw ApiException.Invalid("Give the sheet rows.");
        }
        catch (JsonException json)
        {
            throw ApiException.Invalid($"The sheet is wrong at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}. GET /api/v1/waves/ID/export shows what one looks like.");
        }
    }
}
