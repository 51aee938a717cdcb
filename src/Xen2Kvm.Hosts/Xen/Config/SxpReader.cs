using System.Text;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>
/// Reads S-expressions as xend prints them (xen/xend/sxp.py): lists in parentheses, words, strings in single or double quotes with
/// backslash escapes, comments from # to the line's end.
/// </summary>
public static class SxpReader
{
    /// <summary>Characters that are read at most; a domain takes some 3,000.</summary>
    public const int MaxLength = 16 * 1024 * 1024;

    /// <summary>How deep lists may nest; xend nests seven deep.</summary>
    public const int MaxDepth = 64;

    /// <summary>Reads all nodes of a text. Never throws for any text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="problems">Receives what was wrong; everything else is still read.</param>
    /// <returns>The nodes at the top, in order.</returns>
    public static IReadOnlyList<SxpNode> Parse(string text, ICollection<ConfigProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(problems);
        if (text.Length > MaxLength)
        {
            problems.Add(new ConfigProblem(ConfigProblemKind.Limit, 0, 0, "", $"The text has more than {MaxLength} characters; the rest was not read"));
            text = text[..MaxLength];
        }

        var open = new Stack<List<SxpNode>>();
        var current = new List<SxpNode>();
        var (line, stray) = (1, 0);
        for (var at = 0; at < text.Length;)
        {
            var c = text[at];
            switch (c)
            {
                case '\n':
                    line++;
                    at++;
                    break;
                case ' ' or '\t' or '\r' or '\v' or '\f' or '\0':
                    at++;
                    break;
                case '#':
                    at = LineEnd(text, at);
                    break;
                case '(' when open.Count >= MaxDepth:
                    problems.Add(new ConfigProblem(ConfigProblemKind.Limit, line, 0, "", $"Lists nest deeper than {MaxDepth}; the rest was not read"));
                    at = text.Length;
                    break;
                case '(':
                    open.Push(current);
                    current = [];
                    at++;
                    break;
                case ')' when open.Count == 0:
                    if (stray++ == 0)
                    {
                        problems.Add(new ConfigProblem(ConfigProblemKind.Note, line, 0, ")", "A parenthesis closes nothing"));
                    }

                    at++;
                    break;
                case ')':
                    var closed = new SxpList(current);
                    current = open.Pop();
                    current.Add(closed);
                    at++;
                    break;
                default:
                    var start = at;
                    current.Add(new SxpAtom(c is '\'' or '"' ? Quoted(text, ref at) : Word(text, ref at)));
                    line += text.AsSpan(start, Math.Min(at, text.Length) - start).Count('\n');
                    break;
            }
        }

        if (open.Count > 0)
        {
            problems.Add(new ConfigProblem(ConfigProblemKind.Syntax, line, 0, "", "The text ends inside a list: it was cut off"));
        }

        while (open.Count > 0)
        {
            var closed = new SxpList(current);
            current = open.Pop();
            current.Add(closed);
        }

        return current;
    }

    private static int LineEnd(string text, int at)
    {
        var end = text.IndexOf('\n', at);
        return end < 0 ? text.Length : end;
    }

    private static string Word(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is not ('(' or ')' or ' ' or '\t' or '\r' or '\n' or '\v' or '\f' or '\0'))
        {
            at++;
        }

        return text[start..at];
    }

    private static string Quoted(string text, ref int at)
    {
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            var c = text[at++];
            if (c == '\\' && at < text.Length)
            {
                c = text[at++];
                value.Append(c switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v', _ => c });
            }
            else
            {
                value.Append(c);
            }
        }

        at++;
        return value.ToString();
    }
}
