namespace Xen2Kvm.Web.Components.Controls;

/// <summary>The drawings of all icons: SVG paths on a 16 × 16 grid, stroked.</summary>
internal static class Icons
{
    private static readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal)
    {
        ["arrow"] = "M3 8h10M9 4l4 4-4 4",
        ["audit"] = "M4 2h8v12H4zM6 5h4M6 8h4M6 11h2",
        ["back"] = "M13 8H3M7 4 3 8l4 4",
        ["bell"] = "M3.500 11.500c1-1 1-2.500 1-4a3.500 3.500 0 0 1 7 0c0 1.500 0 3 1 4zM6.800 13.800a1.300 1.300 0 0 0 2.400 0",
        ["check"] = "M3 8.5 6.5 12 13 4.500",
        ["circle"] = "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z",
        ["clock"] = "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM8 5v3l2 1.500",
        ["copy"] = "M6 6h7v7H6zM3 10V3h7",
        ["cross"] = "M4 4l8 8M12 4l-8 8",
        ["disk"] = "M2.500 4.500c0-1.100 2.500-2 5.500-2s5.500.9 5.500 2-2.500 2-5.500 2-5.500-.9-5.500-2zM2.500 4.500v7c0 1.100 2.500 2 5.500 2s5.500-.9 5.500-2v-7M2.500 8c0 1.100 2.500 2 5.500 2s5.500-.9 5.500-2",
        ["down"] = "M8 3v10M4 9l4 4 4-4",
        ["download"] = "M8 2v8M5 7l3 3 3-3M3 13h10",
        ["fold"] = "M10 4 6 8l4 4",
        ["guests"] = "M2 3h12v8H2zM6 14h4M8 11v3",
        ["hand"] = "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM8 5v3.500M8 11v.01",
        ["hosts"] = "M2.500 3h11v4h-11zM2.500 9h11v4h-11zM5 5v.01M5 11v.01",
        ["info"] = "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM8 7.500V11M8 5v.01",
        ["key"] = "M6 10a3 3 0 1 1 2.800-4H14v3h-2v2h-2V9H8.800A3 3 0 0 1 6 10z",
        ["lock"] = "M4 7h8v6H4zM5.500 7V5a2.500 2.500 0 0 1 5 0v2",
        ["moon"] = "M12.500 10A5.500 5.500 0 0 1 6 3.500 5.500 5.500 0 1 0 12.500 10z",
        ["net"] = "M3 12h10M8 12V8M4 3h8v5H4z",
        ["overview"] = "M2.500 2.500h4.500v6H2.500zM9 2.500h4.500v3H9zM9 8h4.500v5.500H9zM2.500 11h4.500v2.500H2.500z",
        ["pause"] = "M5.500 4v8M10.500 4v8",
        ["person"] = "M8 3a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM3 14c0-2.500 2.200-4 5-4s5 1.500 5 4",
        ["plans"] = "M3 3h6v4H3zM7 9h6v4H7zM5 7v4h2",
        ["play"] = "M5 3.500v9l7-4.500z",
        ["plus"] = "M8 3v10M3 8h10",
        ["question"] = "M6 6a2 2 0 1 1 3 1.700c-.7.4-1 .8-1 1.800M8 12v.01",
        ["refresh"] = "M13 8a5 5 0 1 1-1.500-3.500M13 2.500v3h-3",
        ["runs"] = "M2 8h3l2-5 3 10 2-5h2",
        ["search"] = "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.500 10.500 14 14",
        ["settings"] = "M2 4.500h7M13 4.500h1M2 11.500h1M7 11.500h7M11 2.500v4M5 9.500v4",
        ["signout"] = "M9 3H3v10h6M7 8h7M11 5l3 3-3 3",
        ["stop"] = "M4.500 4.500h7v7h-7z",
        ["sun"] = "M8 5.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1",
        ["system"] = "M2 3h12v8H2zM5 14h6",
        ["trash"] = "M3 4.500h10M6 4.500V3h4v1.500M4.500 4.500l.7 9h5.600l.7-9",
        ["undo"] = "M3 6.500h6.500a3.500 3.500 0 0 1 0 7H6M6 3.500l-3 3 3 3",
        ["warning"] = "M8 2.500 14 13H2zM8 6.500v3M8 11.300v.01",
    };

    /// <summary>The path of an icon; a circle for a name that is not known.</summary>
    public static string Path(string name) => _paths.GetValueOrDefault(name, _paths["circle"]);
}
