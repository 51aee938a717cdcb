using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Output;

/// <summary>Prints results: JSON where asked for, else tables and sentences.</summary>
internal sealed class Printer(Terminal terminal, bool json)
{
    private static readonly JsonSerializerOptions Indented = new(RunJson.Options)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>JSON was asked for.</summary>
    public bool Json { get; } = json;

    /// <summary>The output is a screen.</summary>
    public bool Live => terminal.Live && !Json;

    /// <summary>Prints a result: as JSON, or by <paramref name="readable"/>.</summary>
    public void Result(object value, Action readable)
    {
        if (Json)
        {
            terminal.Out.WriteLine(value is JsonNode node ? node.ToJsonString(Indented) : JsonSerializer.Serialize(value, Indented));
        }
        else
        {
            readable();
        }
    }

    /// <summary>One JSON value on a line of its own, for streams.</summary>
    public void JsonLine(object value) => terminal.Out.WriteLine(JsonSerializer.Serialize(value, RunJson.Options));

    /// <summary>A line.</summary>
    public void Line(string text = "") => terminal.Out.WriteLine(Plain(text));

    /// <summary>A line beside the result, on standard error.</summary>
    public void Note(string text) => terminal.Error.WriteLine(Plain(text));

    /// <summary>Text as it is, line ends included.</summary>
    public void Raw(string text) => terminal.Out.Write(text);

    /// <summary>Rows under headings, columns as wide as their widest cell.</summary>
    public void Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string?>> rows)
    {
        var all = rows.Select(row => row.Select(cell => Plain(cell ?? "-")).ToList()).ToList();
        var widths = headings.Select((heading, column) => all.Select(row => row[column].Length).Append(heading.Length).Max()).ToList();
        foreach (var row in all.Prepend([.. headings]))
        {
            terminal.Out.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>Names and values, one a line.</summary>
    public void Facts(params IEnumerable<(string Name, string? Value)> facts)
    {
        var shown = facts.Where(fact => fact.Value is not null).ToList();
        var width = shown.Select(fact => fact.Name.Length).DefaultIfEmpty().Max();
        foreach (var (name, value) in shown)
        {
            terminal.Out.WriteLine($"{name.PadRight(width)}  {Plain(value!)}");
        }
    }

    /// <summary>Rewrites the last line of the screen; nothing where the output is no screen.</summary>
    public void Status(string text)
    {
        if (Live)
        {
            terminal.Out.Write("\r\u001b[2K" + Plain(text));
            terminal.Out.Flush();
        }
    }

    /// <summary>Asks a yes-or-no question.</summary>
    /// <exception cref="CliException">Nobody can answer.</exception>
    public bool Confirm(string question, string insteadOption)
    {
        if (!terminal.Interactive)
        {
            throw CliException.Usage($"{question} Nobody can answer here; give {insteadOption}.");
        }

        terminal.Error.Write(Plain(question) + " [y/N] ");
        return terminal.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    // Names and log lines come from hosts and guests: what would steer the terminal is shown, not sent.
    private static string Plain(string text) =>
        text.Any(c => char.IsControl(c) && c != '\t') ? string.Concat(text.Select(c => char.IsControl(c) && c != '\t' ? '\uFFFD' : c)) : text;
}
