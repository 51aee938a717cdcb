using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Xen2Kvm.Domain.Inventory;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Web.Components.Pages.Plans;

/// <summary>A person's choices in the plan wizard. It lives in the address bar, so a reload or a colleague sees the same.</summary>
public sealed class PlanForm
{
    /// <summary>Target host's name.</summary>
    public string Target { get; set; } = "";

    /// <summary>Volume group or pool; empty for the one with most room.</summary>
    public string Storage { get; set; } = "";

    /// <summary>Format in a directory pool.</summary>
    public DiskFormat Format { get; set; }

    /// <summary>Target bridge for each source bridge.</summary>
    public Dictionary<string, string> Bridges { get; } = new(StringComparer.Ordinal);

    /// <summary>Name on the target; empty to keep it.</summary>
    public string Name { get; set; } = "";

    /// <summary>Virtual CPUs; null to keep.</summary>
    public int? Vcpus { get; set; }

    /// <summary>Memory in MiB; null to keep.</summary>
    public long? MemoryMiB { get; set; }

    /// <summary>Address to ping; null for the first known one.</summary>
    public string? Ping { get; set; }

    /// <summary>TCP port that must answer; null for none.</summary>
    public int? Port { get; set; }

    /// <summary>Seconds to wait for a clean shutdown.</summary>
    public int ShutdownSeconds { get; set; } = 300;

    /// <summary>Cap of the copy in MB/s; null for none.</summary>
    public int? RateMegabytes { get; set; }

    /// <summary>Reads the choices from a query string; unknown keys are ignored.</summary>
    public static PlanForm Parse(string query)
    {
        var form = new PlanForm();
        foreach (var (key, values) in QueryHelpers.ParseQuery(query))
        {
            form.Take(key, values.ToString());
        }

        return form;
    }

    /// <summary>The choices as query parameters; what is not chosen is null.</summary>
    public IReadOnlyDictionary<string, object?> ToQuery()
    {
        var query = new Dictionary<string, object?>
        {
            ["target"] = Text(Target), ["storage"] = Text(Storage), ["format"] = Format == DiskFormat.Qcow2 ? "qcow2" : null, ["name"] = Text(Name),
            ["cpus"] = Vcpus, ["memory"] = MemoryMiB, ["ping"] = Ping, ["port"] = Port, ["shutdown"] = ShutdownSeconds == 300 ? null : ShutdownSeconds,
            ["rate"] = RateMegabytes,
        };
        foreach (var (from, to) in Bridges)
        {
            query["bridge." + from] = Text(to);
        }

        return query;
    }

    /// <summary>The choices as the engine takes them.</summary>
    public PlanChoices ToChoices(Guest guest)
    {
        var known = guest.Nics.SelectMany(nic => nic.Addresses).FirstOrDefault();
        return new PlanChoices
        {
            Storage = Text(Storage),
            Format = Format,
            Bridges = Bridges.Where(pair => pair.Value.Length > 0).ToDictionary(StringComparer.Ordinal),
            Name = Text(Name),
            Vcpus = Vcpus,
            MemoryMiB = MemoryMiB,
            Proof = new ProofSettings { PingAddress = Ping is null ? known : Text(Ping), TcpPort = Port },
            ShutdownTimeoutSeconds = ShutdownSeconds,
            RateLimitBytesPerSecond = (RateMegabytes ?? 0) * 1_000_000L,
        };
    }

    private void Take(string key, string value)
    {
        switch (key)
        {
            case "target":
                Target = value;
                break;
            case "storage":
                Storage = value;
                break;
            case "format":
                Format = value == "qcow2" ? DiskFormat.Qcow2 : DiskFormat.Raw;
                break;
            case "name":
                Name = value;
                break;
            case "cpus":
                Vcpus = Number(value);
                break;
            case "memory":
                MemoryMiB = Number(value);
                break;
            case "ping":
                Ping = value;
                break;
            case "port":
                Port = Number(value);
                break;
            case "shutdown":
                ShutdownSeconds = Number(value) ?? 300;
                break;
            case "rate":
                RateMegabytes = Number(value);
                break;
            default:
                if (key.StartsWith("bridge.", StringComparison.Ordinal))
                {
                    Bridges[key["bridge.".Length..]] = value;
                }

                break;
        }
    }

    private static string? Text(string? value) => value?.Trim() is { Length: > 0 } text ? text : null;

    private static int? Number(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
