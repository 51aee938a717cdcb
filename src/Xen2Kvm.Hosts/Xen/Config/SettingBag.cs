using System.Globalization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>A value of any source, flattened.</summary>
/// <param name="Text">An atom's text; null for a list.</param>
/// <param name="Items">The items; one for an atom.</param>
/// <param name="Line">Line in the source, 0 when it has none.</param>
/// <param name="Column">Column in the source, 0 when it has none.</param>
internal sealed record BagValue(string? Text, IReadOnlyList<string> Items, int Line, int Column)
{
    public bool IsEmpty => Text is not null ? Text.Length == 0 : Items.Count == 0;

    public string Shown => Text ?? $"[{string.Join(", ", Items)}]";

    public static BagValue Atom(string text) => new(text, [text], 0, 0);

    public static BagValue List(IEnumerable<string> items) => new(null, [.. items], 0, 0);
}

/// <summary>The settings of one guest by key, whatever they were read from; remembers which of them were used.</summary>
internal sealed class SettingBag
{
    private readonly Dictionary<string, BagValue> _values = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public List<ConfigProblem> Problems { get; } = [];

    public List<string> Defaults { get; } = [];

    public void Set(string key, BagValue value)
    {
        if (!_values.ContainsKey(key))
        {
            _order.Add(key);
        }

        _values[key] = value;
    }

    /// <summary>All keys in the order of the source.</summary>
    public IReadOnlyList<string> Keys => _order;

    /// <summary>The first of the keys that is set; all of them count as used.</summary>
    public BagValue? Take(params ReadOnlySpan<string> keys)
    {
        BagValue? found = null;
        foreach (var key in keys)
        {
            _used.Add(key);
            if (found is null && _values.TryGetValue(key, out var value))
            {
                found = value;
            }
        }

        return found;
    }

    /// <summary>A text; null when it is not set or empty.</summary>
    public string? Text(params ReadOnlySpan<string> keys)
    {
        var value = Take(keys);
        if (value is { Text: null, Items.Count: > 0 })
        {
            Wrong(keys[0], value, $"{keys[0]} is a list but should be one value");
        }

        return string.IsNullOrEmpty(value?.Text) ? null : value.Text;
    }

    public long? Number(params ReadOnlySpan<string> keys)
    {
        var value = Take(keys);
        if (value is null || value.IsEmpty)
        {
            return null;
        }

        var number = XlNumber.Read(value.Text?.Trim() ?? "") ?? ReadWord(value.Text);
        if (number is null)
        {
            Wrong(keys[0], value, $"{keys[0]} should be a whole number");
        }

        return number;
    }

    /// <summary>xl takes any number but 0 for yes; Python's words and libxl's are read too.</summary>
    public bool? Flag(params ReadOnlySpan<string> keys)
    {
        var value = Take(keys);
        if (value is null || value.IsEmpty)
        {
            return null;
        }

        var number = XlNumber.Read(value.Text?.Trim() ?? "") ?? ReadWord(value.Text);
        if (number is null)
        {
            Wrong(keys[0], value, $"{keys[0]} should be 0 or 1");
        }

        return number is null ? null : number != 0;
    }

    public IReadOnlyList<string> Items(params ReadOnlySpan<string> keys) =>
        Take(keys) is { } value ? [.. value.Items.Where(item => item.Length > 0)] : [];

    /// <summary>What was not used, in the order of the source.</summary>
    public IReadOnlyList<OtherSetting> Rest() =>
    [
        .. _order.Where(key => !_used.Contains(key))
            .Select(key => new OtherSetting(Secrets.Show(key), Secrets.Show(key, _values[key].Shown), _values[key].Line)),
    ];

    public void Wrong(string key, BagValue value, string message) =>
        Problems.Add(new ConfigProblem(ConfigProblemKind.Value, value.Line, value.Column, Secrets.Show(key, value.Shown), message, key));

    public void Note(string key, string message)
    {
        _values.TryGetValue(key, out var value);
        Problems.Add(new ConfigProblem(
            ConfigProblemKind.Note, value?.Line ?? 0, value?.Column ?? 0, value is null ? "" : Secrets.Show(key, value.Shown), message, key));
    }

    /// <summary>A number in a range that an int holds; null with a complaint outside of it.</summary>
    public int? Count(int min, int max, params ReadOnlySpan<string> keys)
    {
        var number = Number(keys);
        if (number is { } value && (value < min || value > max))
        {
            Wrong(keys[0], Take(keys)!, string.Create(CultureInfo.InvariantCulture, $"{keys[0]} should be between {min} and {max}"));
            return null;
        }

        return (int?)number;
    }

    private static long? ReadWord(string? text) => text?.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" or "Y" => 1,
        "FALSE" or "NO" or "OFF" or "N" => 0,
        _ => null,
    };
}
