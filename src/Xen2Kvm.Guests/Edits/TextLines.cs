namespace Xen2Kvm.Guests.Edits;

/// <summary>A text as lines that remember their own ends, so that untouched lines come back byte for byte.</summary>
internal static class TextLines
{
    /// <summary>Splits into lines, each with its line end (LF, CRLF, or none for the last one).</summary>
    public static List<TextLine> Split(string text)
    {
        var lines = new List<TextLine>();
        var start = 0;
        while (start < text.Length)
        {
            var newline = text.IndexOf('\n', start);
            if (newline < 0)
            {
                lines.Add(new(text[start..], ""));
                break;
            }

            var end = newline > start && text[newline - 1] == '\r' ? newline - 1 : newline;
            lines.Add(new(text[start..end], text[end..(newline + 1)]));
            start = newline + 1;
        }

        return lines;
    }

    /// <summary>The lines as one text.</summary>
    public static string Join(IEnumerable<TextLine> lines) => string.Concat(lines.Select(line => line.Content + line.End));

    /// <summary>Rewrites line by line; a null drops the line, a text with several lines becomes several lines.</summary>
    public static string Rewrite(string text, Func<string, string?> rewrite)
    {
        var result = new System.Text.StringBuilder(text.Length + 64);
        foreach (var line in Split(text))
        {
            var content = rewrite(line.Content);
            if (content is not null)
            {
                result.Append(content).Append(line.End);
            }
        }

        return result.ToString();
    }

    /// <summary>Appends whole lines, ending the last line of the text first when it has no end.</summary>
    public static string Append(string text, params IEnumerable<string> lines)
    {
        var result = new System.Text.StringBuilder(text);
        foreach (var line in lines)
        {
            if (result.Length > 0 && result[^1] != '\n')
            {
                result.Append('\n');
            }

            result.Append(line).Append('\n');
        }

        return result.ToString();
    }
}

/// <summary>A line and its end.</summary>
/// <param name="Content">Without the end.</param>
/// <param name="End">LF, CRLF or nothing.</param>
internal readonly record struct TextLine(string Content, string End);
