namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Finds where a statement ends that is not understood, by counting brackets and quotes.</summary>
internal static class XlStatementEnd
{
    /// <summary>No statement of a real config is longer; one that seems to be is an open bracket. Keeps hostile files cheap.</summary>
    private const int MaxStatement = 64 * 1024;

    public static void Skip(XlTextCursor cursor)
    {
        var start = cursor.Here;
        if (SkipBalanced(cursor, stopAtAssignment: false))
        {
            return;
        }

        cursor.Return(start);
        if (SkipBalanced(cursor, stopAtAssignment: true))
        {
            return;
        }

        // Nothing that looks like a setting follows: only this line is lost.
        cursor.Return(start);
        cursor.SkipToLineEnd();
    }

    /// <summary>False when the text ended inside a bracket or a triple quote.</summary>
    private static bool SkipBalanced(XlTextCursor cursor, bool stopAtAssignment)
    {
        var start = cursor.Here;
        var open = new Stack<char>();
        while (!cursor.AtEnd)
        {
            if (cursor.Here.Offset - start.Offset > MaxStatement)
            {
                return false;
            }

            if (cursor.AtStringStart)
            {
                if (!SkipString(cursor))
                {
                    return false;
                }

                continue;
            }

            cursor.SkipSpaces();
            var c = cursor.Current;
            switch (c)
            {
                case '\n' when open.Count == 0:
                case ';' when open.Count == 0:
                    return true;
                case '\n':
                    cursor.Advance();
                    // "name =" cannot stand in a list; in a call's parentheses it can, so there only the second try stops.
                    if ((stopAtAssignment || open.Peek() == '[') && cursor.AtAssignment())
                    {
                        return true;
                    }

                    continue;
                case '#':
                    cursor.SkipToLineEnd();
                    continue;
                case '[' or '(' or '{':
                    open.Push(c);
                    break;
                case ']' or ')' or '}' when open.Count > 0:
                    open.Pop();
                    break;
            }

            if (!cursor.AtStringStart)
            {
                cursor.Advance();
            }
        }

        return open.Count == 0;
    }

    /// <summary>A string with plain quotes ends at its line's end even when the quote is missing.</summary>
    private static bool SkipString(XlTextCursor cursor)
    {
        cursor.Advance(cursor.StringPrefixLength);
        var quote = cursor.Current;
        var triple = cursor.Peek(1) == quote && cursor.Peek(2) == quote;
        cursor.Advance(triple ? 3 : 1);
        while (!cursor.AtEnd)
        {
            if (cursor.Current == '\\')
            {
                cursor.Advance(2);
            }
            else if (cursor.Current == quote && (!triple || (cursor.Peek(1) == quote && cursor.Peek(2) == quote)))
            {
                cursor.Advance(triple ? 3 : 1);
                return true;
            }
            else if (cursor.Current == '\n' && !triple)
            {
                return true;
            }
            else
            {
                cursor.Advance();
            }
        }

        return !triple;
    }
}
