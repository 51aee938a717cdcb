namespace Xen2Kvm.Hosts.Scripts;

/// <summary>
/// Output of a script that prints many things in one round trip. Each section begins with a line of a record separator, a nonce that nothing
/// on the host knows beforehand, and the section's name, so that no file's content can pass for a section.
/// </summary>
internal sealed class ScriptSections
{
    private readonly List<(string Name, string Body)> _sections = [];

    private ScriptSections()
    {
    }

    /// <summary>A nonce for one run of a script.</summary>
    public static string NewNonce() => Guid.NewGuid().ToString("N");

    /// <summary>Takes an output apart.</summary>
    public static ScriptSections Parse(string output, string nonce)
    {
        var sections = new ScriptSections();
        var mark = $"\u001e{nonce} ";
        var at = output.IndexOf(mark, StringComparison.Ordinal);
        while (at >= 0)
        {
            var name = at + mark.Length;
            var body = output.IndexOf('\n', name);
            if (body < 0)
            {
                break;
            }

            var next = output.IndexOf(mark, body, StringComparison.Ordinal);
            sections._sections.Add((output[name..body], output[(body + 1)..(next < 0 ? output.Length : next)]));
            at = next;
        }

        return sections;
    }

    /// <summary>The body of a section; empty when it is not there.</summary>
    public string this[string name] => _sections.FirstOrDefault(section => section.Name == name).Body ?? "";

    /// <summary>The body without white space around; null when it is empty or not there.</summary>
    public string? Value(string name) => this[name].Trim() is { Length: > 0 } text ? text : null;

    /// <summary>Lines of a section, without empty ones.</summary>
    public IEnumerable<string> Lines(string name) => this[name].Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Sections whose names begin with a prefix, with the rest of the name.</summary>
    public IEnumerable<(string Name, string Body)> Starting(string prefix) =>
        _sections.Where(section => section.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(section => (section.Name[prefix.Length..], section.Body));
}
