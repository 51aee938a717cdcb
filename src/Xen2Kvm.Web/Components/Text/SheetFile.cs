using System.Text.Json;
using Xen2Kvm.Engine.Inventory;
using Xen2Kvm.Engine.Runs;
using Xen2Kvm.Engine.Waves;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>A wave's sheet as a file or a request holds it: CSV (<see cref="WaveCsv"/>, its rows alone), or JSON as the export writes it.</summary>
public static class SheetFile
{
    /// <summary>Size of the largest one that is read, in bytes.</summary>
    public const int MostBytes = 20_000_000;

    private const int MostProblems = 20;

    /// <summary>Refuses what is too large to be read.</summary>
    /// <param name="bytes">Its size.</param>
    /// <exception cref="RefusedException">It is.</exception>
    public static void RequireSize(long bytes)
    {
        if (bytes > MostBytes)
        {
            throw new RefusedException($"The sheet is larger than {MostBytes / 1_000_000} MB.");
        }
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="RefusedException">It cannot be read; the message says where, a line for each problem.</exception>
    public static WaveSheet Read(MemoryStream bytes, bool isCsv)
    {
        RequireSize(bytes.Length);
        bytes.Position = 0;
        return isCsv ? ReadCsv(bytes.ToArray()) : ReadJson(bytes);
    }

    private static WaveSheet ReadCsv(byte[] bytes)
    {
        var (rows, problems) = WaveCsv.Read(bytes);
        return problems.Count > 0
            ? throw new RefusedException(string.Join("\n", problems.Take(MostProblems)) + (problems.Count > MostProblems ? $"\nAnd {problems.Count - MostProblems} more." : ""))
            : new WaveSheet("", rows);
    }

    private static WaveSheet ReadJson(MemoryStream bytes)
    {
        try
        {
            var sheet = JsonSerializer.Deserialize<WaveSheet>(bytes, RunJson.Options);
            return sheet is { Rows: { } rows } && rows.All(row => row is not null)
                ? sheet with { Name = sheet.Name ?? "" }
                : throw new RefusedException("Give the sheet rows, none of them null.");
        }
        catch (JsonException json)
        {
            throw new RefusedException($"The sheet is wrong at {json.Path ?? "$"}, line {(json.LineNumber ?? 0) + 1}. The export of a wave shows what one looks like.");
        }
    }
}
