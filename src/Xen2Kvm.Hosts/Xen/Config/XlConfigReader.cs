namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>The statements of a config: what is an assignment, what is Python code, and where a broken one ends.</summary>
internal sealed class XlConfigReader(string text, string fileName)
{
    private static readonly HashSet<string> PythonBlocks = new(StringComparer.Ordinal)
    {
        "if", "elif", "else", "for", "while", "def", "class", "try", "except", "finally", "with", "async",
    };

    private static readonly HashSet<string> PythonStatements = new(StringComparer.Ordinal)
    {
        "import", "from", "print", "exec", "raise", "assert", "return", "pass", "del", "global", "lambda", "break", "continue",
    };

    private readonly List<XlSetting> _settings = [];
    private readonly List<ConfigProblem> _problems = [];
    private readonly Dictionary<string, XlSetting> _current = new(StringComparer.Ordinal);
    private readonly XlTextCursor _cursor = new(text.Length > XlConfigParser.MaxLength ? text[..XlConfigParser.MaxLength] : text);
    private bool _python;

    public XlConfig Read()
    {
        if (text.Length > XlConfigParser.MaxLength)
        {
            Report(ConfigProblemKind.Limit, _cursor.Here, "", $"The file has {text.Length} characters; only the first {XlConfigParser.MaxLength} were read.");
        }

        while (true)
        {
            _cursor.SkipBlankLines();
            if (_cursor.AtEnd)
            {
                break;
            }

            if (_problems.Count >= XlConfigParser.MaxProblems)
            {
                Report(ConfigProblemKind.Limit, _cursor.Here, "", "Too many problems: this does not look like a Xen config. The rest was not read.");
                break;
            }

            if (_settings.Count >= XlConfigParser.MaxSettings)
            {
                Report(ConfigProblemKind.Limit, _cursor.Here, "", $"More than {XlConfigParser.MaxSettings} settings. The rest was not read.");
                break;
            }

            ReadStatement();
        }

        return new XlConfig(fileName, _python ? ConfigDialect.Xm : ConfigDialect.Xl, _settings, _problems);
    }

    private void ReadStatement()
    {
        var start = _cursor.Here;
        if (_cursor.AtStringStart)
        {
            ReadLooseString(start);
            return;
        }

        var name = _cursor.ReadName();
        if (name.Length == 0)
        {
            Unreadable(start, ConfigProblemKind.Syntax, "A setting must start with a name", null);
            return;
        }

        _cursor.SkipSpaces();
        var adds = _cursor.TryRead("+=");
        if (!adds && !_cursor.TryReadAssign())
        {
            ReadCode(start, name);
            return;
        }

        var values = new XlValueReader(_cursor);
        var value = values.Read();
        _python |= values.SawPython;
        if (values.Failure is { } failure)
        {
            Unreadable(start, failure.Kind, failure.Message, name);
        }
        else if (value is not null)
        {
            Store(name, adds, value, start);
        }
    }

    /// <summary>A string on its own does nothing in Python (a docstring); xl refuses it.</summary>
    private void ReadLooseString(XlTextCursor.Mark start)
    {
        var values = new XlValueReader(_cursor);
        values.Read();
        if (values.Failure is { } failure)
        {
            Unreadable(start, failure.Kind, failure.Message, null);
            return;
        }

        _python = true;
        Report(ConfigProblemKind.Note, start, _cursor.TextFrom(start), "Text that is no setting; xm ignores it, xl refuses the file");
    }

    private void ReadCode(XlTextCursor.Mark start, string name)
    {
        if (PythonBlocks.Contains(name))
        {
            var indent = _cursor.IndentOf(start);
            _cursor.Return(start);
            _cursor.SkipLogicalLine();
            _cursor.SkipDeeperLines(indent);
            _python = true;
            Report(ConfigProblemKind.ComputedExpression, start, _cursor.TextFrom(start), $"Python code ({name} …) is not run; its settings are unknown");
        }
        else if (PythonStatements.Contains(name) || _cursor.Current is '(' or '.' or '[' or '*' or '%' or '/' or '-' or '|' or '&' or ':')
        {
            Unreadable(start, ConfigProblemKind.ComputedExpression, $"Python code ({name} …) is not run", null);
        }
        else
        {
            Unreadable(start, ConfigProblemKind.Syntax, $"There is no = after {Secrets.Show(name)}", name);
        }
    }

    private void Store(string name, bool adds, XlValue value, XlTextCursor.Mark start)
    {
        _current.TryGetValue(name, out var earlier);
        if (adds && earlier is not null)
        {
            var joined = Join(earlier.Value, value);
            if (joined is null)
            {
                var message = value is XlNumber || earlier.Value is XlNumber
                    ? "+= with a number is arithmetic, which is not evaluated"
                    : "+= cannot join a list and a text";
                Report(ConfigProblemKind.ComputedExpression, start, _cursor.TextFrom(start), message, name);
                return;
            }

            value = joined;
        }
        else if (earlier is not null)
        {
            Report(ConfigProblemKind.Note, start, _cursor.TextFrom(start), $"{name} was already set on line {earlier.Line}; the last one counts", name);
        }

        var setting = new XlSetting(name, value, start.Line, start.Column);
        _settings.Add(setting);
        _current[name] = setting;
    }

    private static XlValue? Join(XlValue earlier, XlValue added) => (earlier, added) switch
    {
        (XlString first, XlString second) when first.Text.Length + second.Text.Length <= XlConfigParser.MaxLength =>
            first with { Text = first.Text + second.Text },
        (XlList first, XlList second) => first with { Items = [.. first.Items, .. second.Items] },
        _ => null,
    };

    /// <summary>Gives up on the statement that began at <paramref name="start"/> and goes on behind it.</summary>
    private void Unreadable(XlTextCursor.Mark start, ConfigProblemKind kind, string message, string? key)
    {
        _cursor.Return(start);
        _cursor.SkipLogicalLine();
        _python |= kind == ConfigProblemKind.ComputedExpression;
        Report(kind, start, _cursor.TextFrom(start), message, key);
    }

    private void Report(ConfigProblemKind kind, XlTextCursor.Mark at, string shown, string message, string? key = null) =>
        _problems.Add(new ConfigProblem(kind, at.Line, at.Column, key is not null && Secrets.IsSecretKey(key) ? key : Secrets.Show(shown), message, key));
}
