using System.Text.RegularExpressions;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>Finds ids of plans, runs, waves and cleanups in a text of the audit log.</summary>
public static partial class IdLinks
{
    /// <summary>The text in parts: words without a path, and links with one. "plan ID" is a plan, "wave NAME (ID)" a wave, "cleanup of NAMES (ID)" a cleanup, and another "NAME (ID)" a run of that guest.</summary>
    public static IEnumerable<(string Words, string? Path)> Split(string text)
    {
        var at = 0;
        foreach (Match match in Ids().Matches(text))
        {
            if (match.Index > at)
            {
                yield return (text[at..match.Index], null);
            }

            yield return match.Groups["plan"].Success
                ? ("plan", State.Links.Plan(Guid.Parse(match.Groups["plan"].Value)))
                : match.Groups["cleanup"].Success
                    ? (match.Groups["of"].Value, State.Links.Cleanup(Guid.Parse(match.Groups["cleanup"].Value)))
                    : match.Groups["wave"].Success
                        ? (match.Groups["title"].Value, State.Links.Wave(Guid.Parse(match.Groups["wave"].Value)))
                        : (match.Groups["name"].Value, State.Links.Run(Guid.Parse(match.Groups["run"].Value)));
            at = match.Index + match.Length;
        }

        if (at < text.Length)
        {
            yield return (text[at..], null);
        }
    }

    [GeneratedRegex(@"plan (?<plan>[0-9a-f]{8}-[0-9a-f-]{27})|(?<of>cleanup of .+?) \((?<cleanup>[0-9a-f]{8}-[0-9a-f-]{27})\)|(?<title>wave .+?) \((?<wave>[0-9a-f]{8}-[0-9a-f-]{27})\)|(?<name>\S[^(]*?) \((?<run>[0-9a-f]{8}-[0-9a-f-]{27})\)", RegexOptions.CultureInvariant, 200)]
    private static partial Regex Ids();
}
