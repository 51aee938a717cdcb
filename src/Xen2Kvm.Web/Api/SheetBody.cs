using System.Net.Mime;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Waves;
using Xen2Kvm.Web.Components.Text;

namespace Xen2Kvm.Web.Api;

/// <summary>Reads a wave's sheet from a request: JSON, or CSV with the wave's name in the address.</summary>
internal static class SheetBody
{
    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">It cannot be read; the message says where.</exception>
    public static async Task<WaveSheet> ReadAsync(HttpRequest request, string? name, CancellationToken cancellationToken)
    {
        try
        {
            SheetFile.RequireSize(request.ContentLength ?? 0);
            using var bytes = new MemoryStream();
            await request.Body.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
            var sheet = SheetFile.Read(bytes, request.ContentType?.StartsWith(MediaTypeNames.Text.Csv, StringComparison.OrdinalIgnoreCase) == true);
            return name is null ? sheet : sheet with { Name = name };
        }
        catch (RefusedException wrong)
        {
            throw ApiException.Invalid(wrong.Message);
        }
    }
}
