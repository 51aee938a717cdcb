using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Edits;

/// <summary>
/// /etc/inittab: the login prompt of Xen's console (hvc0, xvc0) goes to the first serial port, and tty1 gets back the one that
/// xen-create-image took away (field report 000). Each changed line keeps a note of what it was.
/// </summary>
public sealed partial class InittabEdit : IGuestFileEdit
{
    private const string Note = "# xen2kvm: was: ";

    /// <inheritdoc/>
    public string Reason => "moves the login prompt from Xen's console to the serial port ttyS0 and gives tty1 its own back";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/inittab";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context)
    {
        var lines = TextLines.Split(text);
        var entries = lines.Select(line => Entry.Parse(line.Content)).ToList();
        if (entries.Find(entry => entry is { IsGetty: true, Active: true }) is not { } sample)
        {
            return text;
        }

        var hasTty1 = entries.Exists(entry => entry is { IsGetty: true, Active: true } && entry.Has("tty1"));

        // A prompt on "console" (SLES) follows the last console= of the command line, which is the serial port; a second one would fight it.
        var hasSerial = entries.Exists(entry => entry is { IsGetty: true, Active: true } && (entry.Has("ttyS0") || entry.Has("console")));
        var result = new List<TextLine>();
        for (var i = 0; i < lines.Count; i++)
        {
            var (line, entry) = (lines[i], entries[i]);
            if (entry is not { IsGetty: true, Active: true } || entry.XenConsole is not { } console)
            {
                result.Add(line);
                continue;
            }

            var end = line.End.Length == 0 ? "\n" : line.End;
            result.Add(new(Note + line.Content, end));
            if (!hasTty1 && entry.Id.All(char.IsAsciiDigit) && entry.Id.Length > 0)
            {
                result.Add(new(entry.With(entry.Id, Entry.Console().Replace(entry.Process, "tty1")), end));
                hasTty1 = true;
            }
            else if (!hasSerial)
            {
                result.Add(new(entry.Serial(FreeId(entries, entry.Id == console ? (entry.Levels.Length == 0 ? "ttyS0" : "S0") : entry.Id, entry)), end));
                hasSerial = true;
            }
        }

        if (!hasTty1)
        {
            Uncomment(result);
        }

        var joined = TextLines.Join(result);
        return hasSerial
            ? joined
            : TextLines.Append(joined, "# xen2kvm: login prompt on the serial port", sample.Serial(FreeId(entries, sample.Levels.Length == 0 ? "ttyS0" : "T0", null)));
    }

    /// <summary>A tty1 line that somebody commented out comes back.</summary>
    private static void Uncomment(List<TextLine> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var entry = Entry.Parse(lines[i].Content);
            if (entry is { IsGetty: true, Active: false } && entry.Has("tty1") && entry.Action == "respawn")
            {
                lines[i] = lines[i] with { Content = entry.With(entry.Id, entry.Process) };
                return;
            }
        }
    }

    private static string FreeId(List<Entry?> entries, string wanted, Entry? self)
    {
        // init takes an id only once; at most four characters are safe everywhere.
        string[] ids = [wanted, "T0", "S0", "x2k", "xk2", "xk3"];
        return ids.First(id => id == ids[^1] || !entries.Exists(entry => entry is { Active: true } && entry != self && entry.Id == id));
    }

    private static Regex Word(string device) => new(@"(?<=\s)(/dev/)?" + Regex.Escape(device) + @"(?=\s|$)", RegexOptions.CultureInvariant);

    private sealed partial record Entry(bool Active, string Id, string Levels, string Action, string Process)
    {
        public bool IsGetty => Program().IsMatch(Process);

        public string? XenConsole => Console().Match(Process) is { Success: true } match ? match.Groups[1].Value : null;

        public static Entry? Parse(string line) => Line().Match(line) is { Success: true } match
            ? new(match.Groups[1].Length == 0, match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value, match.Groups[5].Value)
            : null;

        public bool Has(string device) => Word(device).IsMatch(Process);

        public string With(string id, string process) => $"{id}:{Levels}:{Action}:{process}";

        public string Serial(string id)
        {
            var program = Program().Match(Process).Value;

            // mingetty and its like know no serial line.
            var name = program[(program.LastIndexOf('/') + 1)..];
            if (name is not ("getty" or "agetty"))
            {
                program = program[..(program.LastIndexOf('/') + 1)] + "agetty";
            }

            return $"{id}:{Levels}:respawn:{program} -L ttyS0 115200 vt102";
        }

        [GeneratedRegex(@"^(#?)\s*([A-Za-z0-9~]{0,8}):([0-9sSaAbBcC]*):([a-z]+):(.+)$", RegexOptions.CultureInvariant)]
        private static partial Regex Line();

        [GeneratedRegex(@"(?<=^|\s)\S*getty(?=\s|$)", RegexOptions.CultureInvariant)]
        private static partial Regex Program();

        [GeneratedRegex(@"(?<=\s)(?:/dev/)?([hx]vc[0-9])(?=\s|$)", RegexOptions.CultureInvariant)]
        public static partial Regex Console();
    }
}

/// <summary>/etc/securetty: root may log in on the serial port where it could on Xen's console.</summary>
public sealed class SecurettyEdit : IGuestFileEdit
{
    /// <inheritdoc/>
    public string Reason => "lets root log in on the serial console";

    /// <inheritdoc/>
    public bool Concerns(string path) => path == "/etc/securetty";

    /// <inheritdoc/>
    public string Apply(string text, EditContext context) =>
        TextLines.Split(text).Exists(line => line.Content.Trim() == "ttyS0") ? text : TextLines.Append(text, "ttyS0");
}

/// <summary>Upstart's job for Xen's console (Ubuntu 10.04 to 14.04), which becomes the job of the serial port.</summary>
public static class UpstartGetty
{
    /// <summary>The job's path on Xen.</summary>
    public const string XenJob = "/etc/init/hvc0.conf";

    /// <summary>The job's path on KVM.</summary>
    public const string SerialJob = "/etc/init/ttyS0.conf";

    /// <summary>The serial port's job from Xen's.</summary>
    public static string FromXenJob(string job) => Regex.Replace(
        Regex.Replace(job, @"(?<!\w)[hx]vc0(?!\w)", "ttyS0", RegexOptions.CultureInvariant),
        @"(?<=\bgetty\b[^\n]*\s)(?:1200|2400|9600|19200|38400|57600)(?=\s)",
        "115200",
        RegexOptions.CultureInvariant);

    /// <summary>The job for a guest that has none for Xen's console.</summary>
    public const string NewJob = """
        # ttyS0 - getty
        # Login prompt on the serial port, written by Xen2Kvm.

        start on stopped rc RUNLEVEL=[2345]
        stop on runlevel [!2345]

        respawn
        exec /sbin/getty -L 115200 ttyS0 vt102

        """;
}
