namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Reads screens (xl.cfg(5) "vfb" and "Emulated VGA Graphics Device"). Sees that there is a password and forgets it.</summary>
internal static class GraphicsReader
{
    private static readonly string[] Keys =
    [
        "vnc", "vnclisten", "vncdisplay", "vncunused", "vncpasswd", "vncviewer", "vncconsole", "keymap", "sdl", "opengl", "display", "xauthority",
        "nographic", "spice", "spicehost", "spiceport", "spicetls_port", "spicepasswd", "spicedisable_ticketing",
    ];

    /// <summary>The screens of a guest: those of vfb devices, then those of the guest's own keys.</summary>
    /// <param name="type">A PV guest with a vfb ignores its own keys; an HVM guest has VNC when nothing is said.</param>
    /// <param name="vfbs">The fields of each vfb device, with the names of the config.</param>
    /// <param name="bag">The guest's own keys.</param>
    /// <param name="running">True for a running domain: what is not there is not there, no default is added.</param>
    public static IReadOnlyList<GuestGraphics> Read(
        GuestType type, IEnumerable<IReadOnlyDictionary<string, string>> vfbs, SettingBag bag, bool running)
    {
        var own = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var key in Keys)
        {
            if (bag.Take(key)?.Text is { } text)
            {
                own[key] = text;
            }
        }

        var screens = vfbs.SelectMany(vfb => Screens(vfb, "vfb")).ToList();
        if (type == GuestType.Hvm)
        {
            if (!running && !own.ContainsKey("vnc") && !IsOn(own, "nographic"))
            {
                own["vnc"] = "1";
                screens.AddRange(Screens(own, "topLevel").Select(screen => screen.Kind == GraphicsKind.Vnc ? screen with { Origin = "default" } : screen));
            }
            else
            {
                screens.AddRange(Screens(own, "topLevel"));
            }
        }
        else if (screens.Count == 0)
        {
            screens.AddRange(Screens(own, "topLevel"));
        }

        return screens;
    }

    /// <summary>The fields of a vfb entry: vnc=1,vnclisten=0.0.0.0,… ; xm's older form says type=vnc.</summary>
    public static IReadOnlyDictionary<string, string> Fields(string vfb)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in vfb.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                fields[part[..equals].TrimEnd()] = part[(equals + 1)..].TrimStart();
            }
        }

        return fields;
    }

    private static IEnumerable<GuestGraphics> Screens(IReadOnlyDictionary<string, string> fields, string origin)
    {
        var type = fields.GetValueOrDefault("type");
        var keymap = Word(fields, "keymap");

        // A vfb serves VNC unless it says no (libxl_console.c, libxl__device_vfb_setdefault); xm's type=sdl says no.
        var vnc = fields.ContainsKey("vnc") ? IsOn(fields, "vnc") : type == "vnc" || (origin == "vfb" && type is null);
        if (vnc)
        {
            var (listen, display) = SplitListen(Word(fields, "vnclisten"));
            yield return new GuestGraphics(
                GraphicsKind.Vnc,
                origin,
                listen,
                display ?? Number(fields, "vncdisplay"),
                fields.ContainsKey("vncunused") ? IsOn(fields, "vncunused") : null,
                keymap,
                Word(fields, "vncpasswd") is not null);
        }

        if (type == "sdl" || IsOn(fields, "sdl"))
        {
            yield return new GuestGraphics(GraphicsKind.Sdl, origin, null, null, null, keymap, false);
        }

        if (IsOn(fields, "spice"))
        {
            yield return new GuestGraphics(
                GraphicsKind.Spice, origin, Word(fields, "spicehost"), Number(fields, "spiceport"), null, keymap, Word(fields, "spicepasswd") is not null);
        }
    }

    /// <summary>ADDRESS[:DISPLAYNUM]; an IPv6 address has more colons and no display.</summary>
    private static (string? Listen, int? Display) SplitListen(string? listen)
    {
        if (listen is null)
        {
            return (null, null);
        }

        var colon = listen.LastIndexOf(':');
        var plain = colon > 0 && (listen.IndexOf(':', StringComparison.Ordinal) == colon || listen[colon - 1] == ']');
        return plain && XlNumber.Read(listen[(colon + 1)..]) is >= 0 and <= 65535 and var display ? (listen[..colon], (int)display) : (listen, null);
    }

    private static string? Word(IReadOnlyDictionary<string, string> fields, string key) =>
        fields.TryGetValue(key, out var value) && value.Length > 0 ? value : null;

    private static bool IsOn(IReadOnlyDictionary<string, string> fields, string key) =>
        Word(fields, key) is { } value && (value.Equals("true", StringComparison.OrdinalIgnoreCase) || XlNumber.Read(value) is not (null or 0));

    private static int? Number(IReadOnlyDictionary<string, string> fields, string key) =>
        Word(fields, key) is { } value && XlNumber.Read(value) is >= 0 and <= 65535 and var number ? (int)number : null;
}
