namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A place in a config's text that knows its line, and how to get past things without understanding them.</summary>
internal sealed class XlTextCursor
{
    private readonly string _text;
    private int _at;
    private int _line = 1;
    private int _lineStart;

    public XlTextCursor(string text)
    {
        _text = text;
        if (text.StartsWith('\uFEFF'))
        {
            _at = _lineStart = 1;
        }
    }

    /// <summary>A remembered place.</summary>
    public readonly record struct Mark(int Offset, int Line, int LineStart)
    {
        public int Column => Offset - LineStart + 1;
    }

    public bool AtEnd => _at >= _text.Length;

    /// <summary>The character here, NUL at the end.</summary>
    public char Current => Peek(0);

    public Mark Here => new(_at, _line, _lineStart);

    /// <summary>A quote, or Python's string prefix and a quote.</summary>
    public bool AtStringStart => StringPrefixLength >= 0;

    /// <summary>Length of the prefix (r, u, b, ur, br …) of the string here; -1 when no string starts here.</summary>
    public int StringPrefixLength
    {
        get
        {
            for (var length = 0; length <= 2; length++)
            {
                var c = Peek(length);
                if (c is '\'' or '"')
                {
                    return length;
                }

                if (c is not ('r' or 'R' or 'u' or 'U' or 'b' or 'B'))
                {
                    break;
                }
            }

            return -1;
        }
    }

    public char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    public void Return(Mark mark) => (_at, _line, _lineStart) = (mark.Offset, mark.Line, mark.LineStart);

    public string TextFrom(Mark start) => _text[start.Offset..Math.Min(_at, _text.Length)];

    public void Advance(int count = 1)
    {
        for (; count > 0 && _at < _text.Length; count--)
        {
            if (_text[_at++] == '\n')
            {
                _line++;
                _lineStart = _at;
            }
        }
    }

    public bool TryRead(string word)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
        {
            return false;
        }

        Advance(word.Length);
        return true;
    }

    /// <summary>Reads <c>=</c> but not <c>==</c>.</summary>
    public bool TryReadAssign()
    {
        if (Current != '=' || Peek(1) == '=')
        {
            return false;
        }

        Advance();
        return true;
    }

    /// <summary>A name of xl ([a-z][._0-9a-z]*) or of Python; empty when none stands here.</summary>
    public string ReadName()
    {
        var start = _at;
        if (char.IsAsciiLetter(Current) || Current == '_')
        {
            while (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '.')
            {
                Advance();
            }
        }

        return _text[start.._at];
    }

    /// <summary>Blanks on this line, and a backslash that ends it.</summary>
    public void SkipSpaces()
    {
        while (true)
        {
            if (Current is ' ' or '\t' or '\r' or '\f')
            {
                Advance();
            }
            else if (Current == '\\' && (Peek(1) == '\n' || (Peek(1) == '\r' && Peek(2) == '\n')))
            {
                Advance(Peek(1) == '\n' ? 2 : 3);
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Blanks, line ends and comments: what may stand between the items of a list.</summary>
    public void SkipSpacesAndLines()
    {
        while (true)
        {
            SkipSpaces();
            if (Current == '#')
            {
                SkipToLineEnd();
            }
            else if (Current == '\n')
            {
                Advance();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Everything between two statements.</summary>
    public void SkipBlankLines()
    {
        do
        {
            SkipSpacesAndLines();
        }
        while (TryRead(";"));
    }

    public void SkipToLineEnd()
    {
        while (!AtEnd && Current != '\n')
        {
            Advance();
        }
    }

    /// <summary>Blanks before the statement at <paramref name="mark"/>; -1 when something else stands before it on its line.</summary>
    public int IndentOf(Mark mark)
    {
        for (var i = mark.LineStart; i < mark.Offset; i++)
        {
            if (_text[i] is not (' ' or '\t'))
            {
                return -1;
            }
        }

        return mark.Offset - mark.LineStart;
    }

    /// <summary>The body of a Python block: the lines that are indented deeper than its head.</summary>
    public void SkipDeeperLines(int indent)
    {
        if (indent < 0)
        {
            return;
        }

        while (!AtEnd)
        {
            var next = Here;
            SkipBlankLines();
            if (AtEnd || Here.Column - 1 <= indent)
            {
                Return(next);
                return;
            }

            SkipLogicalLine();
        }
    }

    /// <summary>
    /// Goes to the end of the statement here: the line end outside of quotes and brackets. When a bracket or triple quote is never closed,
    /// the statement ends where the next setting seems to begin, so that one missing bracket does not hide the rest of the file.
    /// </summary>
    public void SkipLogicalLine() => XlStatementEnd.Skip(this);

    /// <summary>True when a line starts here that reads <c>name =</c>.</summary>
    public bool AtAssignment()
    {
        var i = _at;
        while (i < _text.Length && _text[i] is ' ' or '\t')
        {
            i++;
        }

        var name = i;
        while (i < _text.Length && (char.IsAsciiLetterOrDigit(_text[i]) || _text[i] is '_' or '.'))
        {
            i++;
        }

        if (i == name || char.IsAsciiDigit(_text[name]))
        {
            return false;
        }

        while (i < _text.Length && _text[i] is ' ' or '\t')
        {
            i++;
        }

        if (i < _text.Length && _text[i] == '+')
        {
            i++;
        }

        return i < _text.Length && _text[i] == '=' && (i + 1 >= _text.Length || _text[i + 1] != '=');
    }
}
