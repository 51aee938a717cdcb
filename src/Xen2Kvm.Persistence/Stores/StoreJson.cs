using System.Text.Json;
using System.Text.Json.Serialization;

namespace Xen2Kvm.Persistence.Stores;

/// <summary>How documents are written to jsonb: camelCase, enums by name, so that they can be read and queried by people.</summary>
internal static class StoreJson
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(), new CleanStringConverter() },
    };

    /// <summary>The document of a value.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, _options);

    /// <summary>The value of a document.</summary>
    /// <exception cref="JsonException">The document does not hold what the type requires.</exception>
    public static T Read<T>(string document) =>
        JsonSerializer.Deserialize<T>(document, _options) ?? throw new JsonException($"A stored {typeof(T).Name} is null.");

    private sealed class CleanStringConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WriteStringValue(StoreText.Clean(value));

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString()!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WritePropertyName(StoreText.Clean(value));
    }
}
