using System.Text.Json;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>One domain of <c>xl list -l</c>.</summary>
/// <param name="DomainId">Number of the domain; null when the JSON is a config without a running domain.</param>
/// <param name="Config">The libxl_domain_config object (libxl_types.idl).</param>
/// <param name="SourceName">File name or command, for messages.</param>
public sealed record XlListDomain(int? DomainId, JsonElement Config, string SourceName);

/// <summary>What <c>xl list -l</c> printed.</summary>
/// <param name="Domains">The domains in order, dom0 included.</param>
/// <param name="Problems">Why something could not be read.</param>
public sealed record XlListing(IReadOnlyList<XlListDomain> Domains, IReadOnlyList<ConfigProblem> Problems);

/// <summary>
/// Reads the JSON of <c>xl list -l</c>: an array of <c>{"domid": 1, "config": {"c_info": …, "b_info": …, "disks": […], "nics": […]}}</c>
/// (xl_info.c, printf_info_one_json). One such object alone, as <c>xl create -n</c> and Xen's saved <c>libxl-json</c> have it, is read too.
/// </summary>
public static class XlListParser
{
    /// <summary>Characters that are read at most; a domain takes some 5,000.</summary>
    public const int MaxLength = 64 * 1024 * 1024;

    /// <summary>Reads the output. Never throws for any text.</summary>
    /// <param name="text">What the command printed.</param>
    /// <param name="sourceName">File name or command, for messages.</param>
    /// <returns>The domains and the problems.</returns>
    public static XlListing Parse(string text, string sourceName)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength)
        {
            return Failed(ConfigProblemKind.Limit, 0, 0, $"The JSON has more than {MaxLength} characters and was not read");
        }

        try
        {
            using var document = JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { AllowTrailingCommas = true });
            var root = document.RootElement.Clone();
            ReadAllText(root);
            IEnumerable<JsonElement> entries = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
            var domains = new List<XlListDomain>();
            var problems = new List<ConfigProblem>();
            foreach (var entry in entries)
            {
                if (Domain(entry, sourceName) is { } domain)
                {
                    domains.Add(domain);
                }
                else
                {
                    problems.Add(new ConfigProblem(ConfigProblemKind.Syntax, 0, 0, Secrets.Show(entry.ToString()), "This is no domain of xl list -l"));
                }
            }

            return new XlListing(domains, problems);
        }
        catch (JsonException fault)
        {
            // The message of the parser repeats a piece of the text, so only its place is used.
            return Failed(ConfigProblemKind.Syntax, (int)(fault.LineNumber ?? -1) + 1, (int)(fault.BytePositionInLine ?? -1) + 1, "The text is no valid JSON");
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            return Failed(ConfigProblemKind.Syntax, 0, 0, "The text is no valid Unicode, so no JSON");
        }
    }

    /// <summary>Half a surrogate pair is found only when its text is read; better here than in the middle of a guest.</summary>
    private static void ReadAllText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var field in value.EnumerateObject())
                {
                    _ = field.Name;
                    ReadAllText(field.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    ReadAllText(item);
                }

                break;
            case JsonValueKind.String:
                _ = value.GetString();
                break;
        }
    }

    private static XlListDomain? Domain(JsonElement entry, string sourceName)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var config = entry.TryGetProperty("config", out var inner) ? inner : entry;
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("c_info", out var info) || info.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var known = entry.TryGetProperty("domid", out var domid) && domid.ValueKind == JsonValueKind.Number;
        return new XlListDomain(known && domid.TryGetInt32(out var id) ? id : null, config, sourceName);
    }

    private static XlListing Failed(ConfigProblemKind kind, int line, int column, string message) =>
        new([], [new ConfigProblem(kind, line, column, "", message)]);
}
