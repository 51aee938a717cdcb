using System.Globalization;
using System.Text.Json;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Flattens libxl's JSON into a <see cref="SettingBag"/>, and reads single fields of its objects without ever throwing.</summary>
internal static class JsonBag
{
    /// <summary>Adds the fields of an object; objects inside get the names that the config has for them.</summary>
    public static void Add(SettingBag bag, JsonElement source, string prefix = "", IReadOnlyList<string>? except = null)
    {
        if (source.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var field in source.EnumerateObject().Where(field => except?.Contains(field.Name) is not true))
        {
            var key = prefix + field.Name;
            switch (field.Value.ValueKind)
            {
                case JsonValueKind.Object when key is "sched_params":
                    Add(bag, field.Value);
                    break;
                case JsonValueKind.Object when key is "vnc" or "sdl" or "spice":
                    AddScreen(bag, field.Value, key);
                    break;
                case JsonValueKind.Object when key is "vga":
                    if (Text(field.Value, "kind") is { } kind)
                    {
                        bag.Set("vga", BagValue.Atom(kind));
                    }

                    break;
                case JsonValueKind.Object:
                    Add(bag, field.Value, key + ".");
                    break;
                case JsonValueKind.Array:
                    bag.Set(key, BagValue.List(field.Value.EnumerateArray().Select(item => Scalar(item) ?? item.ToString())));
                    break;
                default:
                    if (Scalar(field.Value) is { } text)
                    {
                        bag.Set(key, BagValue.Atom(text));
                    }

                    break;
            }
        }
    }

    /// <summary>The fields of a screen with the names of the config.</summary>
    public static Dictionary<string, string> Screen(JsonElement screen, string kind)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (screen.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in screen.EnumerateObject())
            {
                if (Scalar(field.Value) is { } text)
                {
                    fields[(kind, field.Name) switch
                    {
                        (_, "enable") => kind,
                        ("vnc", "findunused") => "vncunused",
                        ("vnc" or "spice", _) => kind + field.Name,
                        _ => field.Name,
                    }] = text;
                }
            }
        }

        return fields;
    }

    /// <summary>A field's text; null when it is missing, empty, libxl's &lt;default&gt;, or no scalar.</summary>
    public static string? Text(JsonElement source, string name) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var value) && Scalar(value) is { Length: > 0 } text ? text : null;

    /// <summary>A field's whole number.</summary>
    public static long? Number(JsonElement source, string name) => Text(source, name) is { } text ? XlNumber.Read(text) : null;

    /// <summary>A field's yes or no, which libxl writes as "True", true or 1.</summary>
    public static bool? Flag(JsonElement source, string name) => Text(source, name) switch
    {
        null => null,
        "True" or "1" => true,
        "False" or "0" => false,
        _ => null,
    };

    /// <summary>The objects of an array; none when it is missing or something else.</summary>
    public static IEnumerable<JsonElement> Objects(JsonElement source, string name) =>
        source.ValueKind == JsonValueKind.Object && source.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];

    /// <summary>The bits of a libxl_bitmap, which is an array of the numbers that are set, as a CPU list: 0-3,6. Null when it is no bitmap.</summary>
    public static string? CpuList(JsonElement bitmap)
    {
        if (bitmap.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var bits = bitmap.EnumerateArray().Select(bit => bit.ValueKind == JsonValueKind.Number && bit.TryGetInt32(out var n) ? n : -1)
            .Where(bit => bit >= 0).Distinct().Order().ToList();
        var ranges = new List<string>();
        for (var i = 0; i < bits.Count;)
        {
            var end = i;
            while (end + 1 < bits.Count && bits[end + 1] == bits[end] + 1)
            {
                end++;
            }

            ranges.Add(end == i ? bits[i].ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{bits[i]}-{bits[end]}"));
            i = end + 1;
        }

        return string.Join(',', ranges);
    }

    private static void AddScreen(SettingBag bag, JsonElement screen, string kind)
    {
        foreach (var (key, text) in Screen(screen, kind))
        {
            bag.Set(key, BagValue.Atom(text));
        }
    }

    private static string? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String when value.GetString() is { } text && text != "<default>" => text,
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => null,
    };
}
