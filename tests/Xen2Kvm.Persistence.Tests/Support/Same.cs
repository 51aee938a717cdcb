using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Xen2Kvm.Persistence.Tests.Support;

/// <summary>
/// Compares whole objects by what they hold. Kinds of list, order of keys and the zone a time is written in do not matter; the instant does.
/// </summary>
internal static class Same
{
    private static readonly JsonSerializerOptions _options = new() { Converters = { new InstantConverter() }, WriteIndented = true };

    public static void ShouldHoldTheSameAs<T>(this T? actual, T? expected)
    {
        var (left, right) = (JsonSerializer.SerializeToNode(actual, _options), JsonSerializer.SerializeToNode(expected, _options));
        if (!JsonNode.DeepEquals(left, right))
        {
            // Not equal, so this fails, and shows where.
            left?.ToJsonString(_options).ShouldBe(right?.ToJsonString(_options));
            throw new ShouldAssertException("The objects differ.");
        }
    }

    private sealed class InstantConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
    }
}
