using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>
/// Writes definitions as the JSON that <c>x2k inspect</c> prints. The shape is that of <see cref="GuestDefinition"/>:
/// names in camelCase, enumerations as camelCase words, sizes in MiB where the name says so, lists always present, and what was not said
/// left out. <c>defaults</c> names the properties that hold Xen's default; <c>problems</c> has line, column, message and, when the value of
/// a setting is unknown, its key; <c>isCertain</c> is false when any value is unknown. Passwords are never in it.
/// </summary>
public static class GuestDefinitionJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        NewLine = "\n",
        // For terminals and files, where ' and + need no escape; a page that shows it must encode it as any text.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Writes one definition as an object.</summary>
    /// <param name="guest">The definition.</param>
    /// <returns>Indented JSON without a line end at its end.</returns>
    public static string Write(GuestDefinition guest)
    {
        ArgumentNullException.ThrowIfNull(guest);
        return JsonSerializer.Serialize(guest, Options);
    }

    /// <summary>Writes what a file or command held: <c>format</c>, <c>guests</c> and the <c>problems</c> that belong to no guest.</summary>
    /// <param name="reading">The result of <see cref="ConfigReader.Read"/>.</param>
    /// <returns>Indented JSON without a line end at its end.</returns>
    public static string Write(ConfigReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        return JsonSerializer.Serialize(reading, Options);
    }
}
