namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A node of xend's S-expressions.</summary>
public abstract record SxpNode;

/// <summary>A word or a quoted string.</summary>
/// <param name="Text">The text without quotes.</param>
public sealed record SxpAtom(string Text) : SxpNode;

/// <summary>A list in parentheses; most are a key and what follows: <c>(memory 512)</c>.</summary>
/// <param name="Items">The nodes in order.</param>
public sealed record SxpList(IReadOnlyList<SxpNode> Items) : SxpNode
{
    /// <summary>The word a list begins with; empty when it does not begin with one.</summary>
    public string Key => Items is [SxpAtom first, ..] ? first.Text : "";

    /// <summary>The lists inside that begin with a key, in order.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The lists; none when there is none.</returns>
    public IEnumerable<SxpList> All(string key) => Items.OfType<SxpList>().Where(list => list.Key == key);

    /// <summary>The text behind a key: <c>512</c> of <c>(memory 512)</c>; xl before 4.2 did not quote, so several words are joined.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The text; null when the key is missing, has no text, or says <c>(null)</c>.</returns>
    public string? Text(string key) => All(key).LastOrDefault()?.Value;

    /// <summary>The words behind this list's key, joined; null when there are none.</summary>
    public string? Value
    {
        get
        {
            var text = string.Join(' ', Items.Skip(1).OfType<SxpAtom>().Select(atom => atom.Text));
            return text.Length == 0 ? null : text;
        }
    }
}
