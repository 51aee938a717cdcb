using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Domain.Planning;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Output;

/// <summary>Reads the forecast that the API puts beside a plan or a run.</summary>
internal static class ProjectedDowntime
{
    /// <summary>The range with its basis; null when there is none.</summary>
    public static string? Describe(JsonNode answer) => answer["projectedDowntime"]?.Deserialize<DowntimeForecast>(RunJson.Options) is { } forecast
        ? $"{Units.Duration(forecast.Low)} to {Units.Duration(forecast.High)}, from {forecast.Basis}"
        : null;
}
