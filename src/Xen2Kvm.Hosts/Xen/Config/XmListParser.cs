namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>One domain of <c>xm list -l</c>.</summary>
/// <param name="Domain">The <c>(domain …)</c> list.</param>
/// <param name="SourceName">File name or command, for messages.</param>
public sealed record XmListDomain(SxpList Domain, string SourceName);

/// <summary>What <c>xm list -l</c> printed.</summary>
/// <param name="Domains">The domains in order, dom0 included.</param>
/// <param name="Problems">Why something could not be read.</param>
public sealed record XmListing(IReadOnlyList<XmListDomain> Domains, IReadOnlyList<ConfigProblem> Problems);

/// <summary>Reads <c>xm list -l</c> of xend (Xen 3 and 4.0), and <c>xl list -l</c> of Xen 4.1, which prints S-expressions too (xl_sxp.c).</summary>
public static class XmListParser
{
    /// <summary>Reads the output. Never throws for any text; warnings that the tool printed before are skipped.</summary>
    /// <param name="text">What the command printed.</param>
    /// <param name="sourceName">File name or command, for messages.</param>
    /// <returns>The domains and the problems.</returns>
    public static XmListing Parse(string text, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new List<ConfigProblem>();
        var start = text.IndexOf("(domain", StringComparison.Ordinal);
        var nodes = start < 0 ? [] : SxpReader.Parse(text[start..], problems);
        var domains = new List<XmListDomain>();
        foreach (var list in nodes.OfType<SxpList>())
        {
            if (list.Key == "domain")
            {
                domains.Add(new XmListDomain(list, sourceName));
            }
            else if (domains.Count > 0)
            {
                // xl 4.1 closes the domain of a PV guest too early, so its devices stand behind it.
                domains[^1] = domains[^1] with { Domain = new SxpList([.. domains[^1].Domain.Items, list]) };
            }
        }

        if (domains.Count == 0)
        {
            problems.Add(new ConfigProblem(ConfigProblemKind.Syntax, 1, 1, Secrets.Show(text), "There is no (domain …) in the text"));
        }

        return new XmListing(domains, problems);
    }
}
