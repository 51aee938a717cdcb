using System.Text.Json;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Engine.Ports;
using Xen2Kvm.Hosts.Scripts;
using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Xen;

/// <summary>Brings together config files, autostart links and running domains (sections of <c>xen-inventory.sh</c>). Pure.</summary>
internal static class XenSources
{
    private static readonly string[] TellTale = ["kernel", "bootloader", "builder", "type", "disk", "memory", "vif", "firmware"];

    /// <summary>The guests by name.</summary>
    /// <param name="sections">What the script printed.</param>
    /// <param name="problems">Takes what could not be read.</param>
    public static IReadOnlyList<XenSource> Read(ScriptSections sections, List<string> problems)
    {
        var table = XenListTable.Parse(sections["list"]);
        var running = Running(sections, problems);
        var autostarted = sections.Starting("link ").Select(link => link.Body.Trim()).ToHashSet(StringComparer.Ordinal);
        var locks = Locks(sections, problems);
        var sources = new Dictionary<string, XenSource>(StringComparer.Ordinal);
        foreach (var (path, body) in sections.Starting("config ").OrderByDescending(file => Rank(file.Name, autostarted)))
        {
            var file = XlConfigParser.Parse(body, path);
            var definition = GuestDefinition.FromXlConfig(file);
            if (definition.Name.Length == 0 || !TellTale.Any(key => file.Find(key) is not null))
            {
                if (path.EndsWith(".cfg", StringComparison.Ordinal))
                {
                    problems.Add(definition.Problems.FirstOrDefault(problem => problem.HidesValue) is { } why
                        ? $"{path}:{why.Line}: {why.Message}"
                        : $"{path} names no guest and was left out.");
                }

                continue;
            }

            if (sources.TryGetValue(definition.Name, out var other))
            {
                problems.Add($"{path} and {other.ConfigPath} both define {definition.Name}; {other.ConfigPath} is used.");
                continue;
            }

            // A guest that was moved, or is being moved, stays in sight: as it was before its config was set aside.
            var held = locks.GetValueOrDefault(path);
            var isLocked = path.EndsWith(XenLocks.Suffix, StringComparison.Ordinal);
            var original = held?.ConfigPath ?? (isLocked ? path[..^XenLocks.Suffix.Length] : path);
            var domain = running.GetValueOrDefault(definition.Name);
            sources[definition.Name] = new()
            {
                Name = definition.Name,
                ConfigPath = original,
                IsLocked = isLocked,
                File = file,
                Config = definition,
                Running = domain,
                Power = domain is null ? PowerState.Off : Power(domain),
                Autostart = autostarted.Contains(path) || IsInAuto(original) || held?.AutostartLink is not null,
            };
        }

        foreach (var domain in running.Values.Where(domain => !sources.ContainsKey(domain.Name)))
        {
            sources[domain.Name] = new() { Name = domain.Name, Running = domain, Power = Power(domain) };
        }

        // A domain that only the table knows (being made or taken apart) still exists.
        foreach (var (id, (name, power)) in table.Where(row => row.Key != 0))
        {
            if (sources.TryGetValue(name, out var source) && source.Running is null)
            {
                sources[name] = source with { Power = power };
                problems.Add($"{name} exists as domain {id}, but its definition could not be read from the running host.");
            }
        }

        return [.. sources.Values.OrderBy(source => source.Name, StringComparer.Ordinal)];

        PowerState Power(GuestDefinition domain) =>
            domain.DomainId is { } id && table.TryGetValue(id, out var row) ? row.Power : PowerState.Off;
    }

    /// <summary>The locks by where the config lies while locked.</summary>
    private static Dictionary<string, SourceLock> Locks(ScriptSections sections, List<string> problems)
    {
        var locks = new Dictionary<string, SourceLock>(StringComparer.Ordinal);
        foreach (var (path, body) in sections.Starting("lock "))
        {
            try
            {
                if (JsonSerializer.Deserialize<SourceLock>(body) is { LockedConfigPath: { } config } held)
                {
                    locks[config] = held;
                }
            }
            catch (JsonException error)
            {
                problems.Add($"{path} is no record of a lock: {error.Message}");
            }
        }

        return locks;
    }

    private static bool IsInAuto(string path) => Path.GetFileName(Path.GetDirectoryName(path)) == "auto";

    /// <summary>Of two files for one guest the one that is started at boot, then one with the usual suffix, is the likelier.</summary>
    private static int Rank(string path, HashSet<string> autostarted) =>
        (autostarted.Contains(path) ? 4 : 0) + (path.EndsWith(".cfg", StringComparison.Ordinal) ? 2 : 0) + (IsInAuto(path) ? 1 : 0);

    private static Dictionary<string, GuestDefinition> Running(ScriptSections sections, List<string> problems)
    {
        var text = sections["long"];
        var domains = new Dictionary<string, GuestDefinition>(StringComparer.Ordinal);
        IEnumerable<GuestDefinition> definitions;
        if (sections.Value("toolstack") == "xm")
        {
            var listing = XmListParser.Parse(text, "xm list -l");
            problems.AddRange(listing.Problems.Select(problem => $"xm list -l: {problem}"));
            definitions = listing.Domains.Select(GuestDefinition.FromXm);
        }
        else
        {
            var listing = text.Trim().Length == 0 ? new([], []) : XlListParser.Parse(text, "xl list -l");
            problems.AddRange(listing.Problems.Select(problem => $"xl list -l: {problem}"));
            definitions = listing.Domains.Select(GuestDefinition.FromXlList);
        }

        foreach (var definition in definitions.Where(definition => definition.Name.Length > 0 && definition.Name != "Domain-0" && definition.DomainId != 0))
        {
            domains[definition.Name] = definition;
        }

        return domains;
    }
}
