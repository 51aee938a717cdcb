using System.Globalization;
using System.Text;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Writes CSV (RFC 4180) that a spreadsheet opens without running anything: a guest's name is hostile input.</summary>
public static class Csv
{
    private const string FormulaStarts = "=+-@";

    /// <summary>One line with its end.</summary>
    public static void Line(StringBuilder text, params IReadOnlyList<object?> cells)
    {
        for (var i = 0; i < cells.Count; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(Cell(cells[i]));
        }

        text.Append("\r\n");
    }

    private static string Cell(object? value)
    {
        if (value is not string text)
        {
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }

        // A leading apostrophe makes a spreadsheet take the cell as text.
        var safe = text.Length > 0 && (FormulaStarts.Contains(text[0], StringComparison.Ordinal) || char.IsControl(text[0])) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
