using System.Text.RegularExpressions;

namespace Xen2Kvm.Guests.Network;

/// <summary>
/// The Ethernet part of netplan's YAML: names, match.macaddress, set-name and addresses, by indentation. Not a YAML reader: what it does not
/// understand it leaves out, and a missing name shows as a missing pin.
/// </summary>
internal static partial class Netplan
{
    public static IEnumerable<ConfiguredInterface> Read(string path, string text)
    {
        var found = new List<ConfiguredInterface>();
        var keys = new List<(int Indent, string Key)>();
        Card? card = null;
        foreach (var raw in text.Split('\n'))
        {
            var line = Comment().Replace(raw.TrimEnd(), "");
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var indent = line.Length - line.TrimStart().Length;
            var content = line.Trim();
            if (content.StartsWith("- ", StringComparison.Ordinal) || content == "-")
            {
                if (card is not null && keys.Count > 0 && keys[^1].Key == "addresses" && keys.Exists(key => key.Key == "ethernets") && !keys.Exists(key => key.Key == "nameservers"))
                {
                    card.Addresses.AddRange(Values(content[1..].Trim().TrimEnd(':')));
                }

                continue;
            }

            var colon = content.IndexOf(": ", StringComparison.Ordinal);
            var key = Unquote(colon < 0 ? content.TrimEnd(':') : content[..colon]);
            var value = colon < 0 ? "" : content[(colon + 2)..].Trim();
            keys.RemoveAll(parent => parent.Indent >= indent);
            if (keys.Count > 0 && keys[^1].Key == "ethernets")
            {
                Close();
                card = new(key);
            }

            keys.Add((indent, key));
            var inCard = card is not null && keys.Exists(parent => parent.Key == "ethernets");
            if (!inCard)
            {
                Close();
            }
            else if (key == "macaddress" && keys.Exists(parent => parent.Key == "match"))
            {
                card!.Mac = Unquote(value).ToLowerInvariant();
            }
            else if (key == "match" && Inline().Match(value) is { Success: true } inline)
            {
                card!.Mac = Unquote(inline.Groups[1].Value).ToLowerInvariant();
            }
            else if (key == "set-name")
            {
                card!.SetName = Unquote(value);
            }
            else if (key == "addresses" && !keys.Exists(parent => parent.Key == "nameservers"))
            {
                card!.Addresses.AddRange(Values(value));
            }
        }

        Close();
        return found;

        void Close()
        {
            if (card is not null)
            {
                // With a match the key is only an id; the name is what set-name says.
                found.Add(new(card.SetName ?? (card.Mac is null ? card.Key : ""), card.Mac, card.Addresses, "netplan", path));
            }

            card = null;
        }
    }

    private static IEnumerable<string> Values(string text) => text.Trim('[', ']').Split(',').Select(value => Unquote(value.Trim())).Where(value => value.Length > 0);

    private static string Unquote(string value) => value.Trim().Trim('"', '\'');

    [GeneratedRegex(@"(^|\s)#.*$", RegexOptions.CultureInvariant)]
    private static partial Regex Comment();

    [GeneratedRegex(@"macaddress:\s*([^,}\s]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Inline();

    private sealed class Card(string key)
    {
        public string Key { get; } = key;

        public string? Mac { get; set; }

        public string? SetName { get; set; }

        public List<string> Addresses { get; } = [];
    }
}
