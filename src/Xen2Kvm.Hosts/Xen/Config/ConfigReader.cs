namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>What a text turned out to be.</summary>
public enum ConfigFormat
{
    /// <summary>A config file of xl or xm.</summary>
    Config,

    /// <summary>JSON of <c>xl list -l</c>.</summary>
    XlList,

    /// <summary>S-expressions of <c>xm list -l</c>.</summary>
    XmList,
}

/// <summary>The guests in a text.</summary>
/// <param name="Format">What the text was taken for.</param>
/// <param name="Guests">The guests: one of a config file, any number of a listing. Each has its own problems.</param>
/// <param name="Problems">Problems that belong to no guest.</param>
public sealed record ConfigReading(ConfigFormat Format, IReadOnlyList<GuestDefinition> Guests, IReadOnlyList<ConfigProblem> Problems);

/// <summary>Reads anything that Xen writes about guests, telling by its first characters what it is.</summary>
public static class ConfigReader
{
    /// <summary>Reads a text. Never throws for any text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fileName">Its name, for messages.</param>
    /// <returns>The guests and what could not be read.</returns>
    public static ConfigReading Read(string text, string fileName)
    {
        ArgumentNullException.ThrowIfNull(text);
        switch (Detect(text))
        {
            case ConfigFormat.XlList:
                var listing = XlListParser.Parse(text, fileName);
                return new ConfigReading(ConfigFormat.XlList, [.. listing.Domains.Select(GuestDefinition.FromXlList)], listing.Problems);
            case ConfigFormat.XmList:
                var sxp = XmListParser.Parse(text, fileName);
                return new ConfigReading(ConfigFormat.XmList, [.. sxp.Domains.Select(GuestDefinition.FromXm)], sxp.Problems);
            default:
                var config = XlConfigParser.Parse(text, fileName);
                if (config.Settings.Count > 0)
                {
                    return new ConfigReading(ConfigFormat.Config, [GuestDefinition.FromXlConfig(config)], []);
                }

                var nothing = new ConfigProblem(ConfigProblemKind.Syntax, 0, 0, "", "The text has no setting that could be read: it is no Xen config");
                return new ConfigReading(ConfigFormat.Config, [], [.. config.Problems, nothing]);
        }
    }

    /// <summary>A config starts with a name or a comment, JSON with a bracket or brace, xend's output with a parenthesis.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The format.</returns>
    public static ConfigFormat Detect(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.AsSpan().TrimStart('\uFEFF').TrimStart() switch
        {
            ['[' or '{', ..] => ConfigFormat.XlList,
            ['(', ..] => ConfigFormat.XmList,
            // xm prints warnings of Python before its output.
            _ when text.Contains("\n(domain", StringComparison.Ordinal) => ConfigFormat.XmList,
            _ => ConfigFormat.Config,
        };
    }
}
