namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>
/// Reads xl configs, and the literals of xm's Python configs, without evaluating anything.
/// Grammar: xl.cfg(5) "SYNTAX", libxlu_cfg_l.l and libxlu_cfg_y.y of Xen 4.17; xmdomain.cfg(5) says an xm config is Python.
/// More is accepted than either tool takes alone (CR LF, upper-case hex, a missing last newline), so that any real file is read.
/// </summary>
public static class XlConfigParser
{
    /// <summary>Characters of a config that are read at most; the largest real ones have a few thousand.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>How deep lists may nest; xl's own keys nest three deep (vnuma).</summary>
    public const int MaxDepth = 32;

    /// <summary>Assignments that are read at most.</summary>
    public const int MaxSettings = 2000;

    /// <summary>Problems after which reading stops: such a file is no config.</summary>
    public const int MaxProblems = 200;

    /// <summary>Reads a config. Never throws for any text: what cannot be read becomes a problem with its line.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="fileName">Its name, for messages only.</param>
    /// <returns>The settings and the problems.</returns>
    public static XlConfig Parse(string text, string fileName)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new XlConfigReader(text, fileName ?? "").Read();
    }
}
