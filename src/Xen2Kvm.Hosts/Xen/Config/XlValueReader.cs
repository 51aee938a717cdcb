using System.Text;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Reads the literal on the right of an assignment; anything that would have to be computed is a failure.</summary>
internal sealed class XlValueReader(XlTextCursor cursor)
{
    /// <summary>Why the value could not be read.</summary>
    internal sealed record Fault(ConfigProblemKind Kind, string Message);

    /// <summary>Set when the value could not be read.</summary>
    public Fault? Failure { get; private set; }

    /// <summary>True when the value uses something that only Python reads.</summary>
    public bool SawPython { get; private set; }

    /// <summary>Reads a value and checks that the statement ends behind it. Null for Python's None, and on failure.</summary>
    public XlValue? Read()
    {
        cursor.SkipSpaces();
        var value = ReadValue(depth: 0);
        if (Failure is not null)
        {
            return null;
        }

        cursor.SkipSpaces();
        return cursor.AtEnd || cursor.Current is '\n' or ';' or '#' ? value : FailAtNext();
    }

    private XlValue? ReadValue(int depth)
    {
        var at = cursor.Here;
        var c = cursor.Current;
        if (cursor.AtStringStart)
        {
            return ReadStrings(depth);
        }

        if (char.IsAsciiDigit(c) || (c is '-' or '+' or '.' && char.IsAsciiDigit(cursor.Peek(1))))
        {
            return ReadNumber();
        }

        if (c is '[' or '(')
        {
            return depth >= XlConfigParser.MaxDepth
                ? Fail(ConfigProblemKind.Limit, $"Lists nest deeper than {XlConfigParser.MaxDepth}")
                : ReadList(depth);
        }

        switch (cursor.ReadName())
        {
            case "True":
                SawPython = true;
                return new XlNumber("True", 1, at.Line, at.Column);
            case "False":
                SawPython = true;
                return new XlNumber("False", 0, at.Line, at.Column);
            case "None":
                SawPython = true;
                return null;
            case "":
                return c switch
                {
                    '{' => Fail(ConfigProblemKind.ComputedExpression, "A Python dictionary is not read"),
                    '\n' or '\0' or '#' or ';' => Fail(ConfigProblemKind.Syntax, "There is no value"),
                    _ => Fail(ConfigProblemKind.Syntax, $"A value cannot start with {Printable(c)}"),
                };
            case var name:
                return Fail(
                    ConfigProblemKind.ComputedExpression,
                    $"The value refers to {Secrets.Show(name)}, which is Python and not evaluated; quote it if it is text");
        }
    }

    private XlList? ReadList(int depth)
    {
        var at = cursor.Here;
        var tuple = cursor.Current == '(';
        var close = tuple ? ')' : ']';
        SawPython |= tuple;
        cursor.Advance();
        var items = new List<XlValue>();
        while (true)
        {
            cursor.SkipSpacesAndLines();
            if (cursor.Current == close && !cursor.AtEnd)
            {
                cursor.Advance();
                return new XlList(items, at.Line, at.Column);
            }

            if (cursor.AtEnd)
            {
                return Fail<XlList>(ConfigProblemKind.Syntax, $"The {(tuple ? "(" : "[")} on line {at.Line} is never closed");
            }

            var item = ReadValue(depth + 1);
            if (Failure is not null)
            {
                return null;
            }

            if (item is not null)
            {
                items.Add(item);
            }

            cursor.SkipSpacesAndLines();
            if (cursor.Current == ',')
            {
                cursor.Advance();
            }
            else if (cursor.Current != close)
            {
                if (!cursor.AtEnd)
                {
                    FailAtNext();
                    return null;
                }
            }
        }
    }

    private XlNumber ReadNumber()
    {
        var at = cursor.Here;
        if (cursor.Current is '-' or '+')
        {
            SawPython = true;
            cursor.Advance();
        }

        while (char.IsAsciiLetterOrDigit(cursor.Current) || cursor.Current == '.')
        {
            cursor.Advance();
        }

        var text = cursor.TextFrom(at);
        return new XlNumber(text, XlNumber.Read(text), at.Line, at.Column);
    }

    private XlString? ReadStrings(int depth)
    {
        var at = cursor.Here;
        var text = new StringBuilder();
        for (var parts = 0; cursor.AtStringStart; parts++)
        {
            if (!ReadString(text))
            {
                return null;
            }

            // Two strings side by side are one in Python; xl knows no such thing.
            SawPython |= parts > 0;
            if (depth > 0)
            {
                cursor.SkipSpacesAndLines();
            }
            else
            {
                cursor.SkipSpaces();
            }
        }

        return new XlString(text.ToString(), at.Line, at.Column);
    }

    private bool ReadString(StringBuilder text)
    {
        var at = cursor.Here;
        var prefix = cursor.StringPrefixLength;
        var raw = false;
        for (; prefix > 0; prefix--)
        {
            SawPython = true;
            raw |= cursor.Current is 'r' or 'R';
            cursor.Advance();
        }

        var quote = cursor.Current;
        var triple = cursor.Peek(1) == quote && cursor.Peek(2) == quote;
        SawPython |= triple;
        cursor.Advance(triple ? 3 : 1);
        while (true)
        {
            var c = cursor.Current;
            if (cursor.AtEnd || (c == '\n' && !triple))
            {
                Fail(ConfigProblemKind.Syntax, $"The quote on line {at.Line} is never closed");
                return false;
            }

            if (c == quote && (!triple || (cursor.Peek(1) == quote && cursor.Peek(2) == quote)))
            {
                cursor.Advance(triple ? 3 : 1);
                return true;
            }

            if (c == '\\' && raw)
            {
                text.Append(c).Append(cursor.Peek(1));
                cursor.Advance(2);
            }
            else if (c == '\\')
            {
                XlEscape.Read(cursor, text);
            }
            else
            {
                text.Append(c);
                cursor.Advance();
            }
        }
    }

    /// <summary>Something stands where the statement or the item should end: an operator is Python, the rest is broken.</summary>
    private XlValue? FailAtNext()
    {
        var c = cursor.Current;
        if (c is '+' or '-' or '*' or '/' or '%' or '.' or '(' or '[' or '<' or '>' or '|' or '&' or ',' or '=')
        {
            return Fail(ConfigProblemKind.ComputedExpression, $"Python code ({Printable(c)} after a value) is not evaluated");
        }

        var name = cursor.ReadName();
        return name is "if" or "for" or "in" or "or" or "and" or "is" or "not"
            ? Fail(ConfigProblemKind.ComputedExpression, $"Python code ({name} after a value) is not evaluated")
            : Fail(ConfigProblemKind.Syntax, $"Expected the end of the value, found {(name.Length > 0 ? Secrets.Show(name) : Printable(c))}");
    }

    private static string Printable(char c) => char.IsControl(c) ? $"the character 0x{(int)c:X2}" : c.ToString();

    private XlValue? Fail(ConfigProblemKind kind, string message) => Fail<XlValue>(kind, message);

    private T? Fail<T>(ConfigProblemKind kind, string message)
        where T : class
    {
        Failure ??= new Fault(kind, message);
        return null;
    }
}
