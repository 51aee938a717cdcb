using System.Text;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>
/// Makes any text storable. Command output and guest names are hostile input and may hold what PostgreSQL's text and jsonb refuse: NUL,
/// and halves of surrogate pairs. They become visible replacements instead of an error in the middle of a run.
/// </summary>
internal static class StoreText
{
    /// <summary>The text with NUL shown as ␀ and broken surrogates as �.</summary>
    public static string Clean(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
        {
            text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        }

        return text.Replace('\0', '␀');
    }

    /// <summary>The same for a text that may be absent.</summary>
    public static string? CleanOrNull(string? text) => text is null ? null : Clean(text);
}
