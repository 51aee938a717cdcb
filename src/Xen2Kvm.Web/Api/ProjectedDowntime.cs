using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Web.Api;

/// <summary>Puts a forecast beside the properties of a plan or a run: it is no part of either, for it changes with every run that ends.</summary>
internal static class ProjectedDowntime
{
    /// <summary>Name of the property.</summary>
    public const string Name = "projectedDowntime";

    /// <summary>The answer with the forecast, null when there is none.</summary>
    public static JsonObject Beside<T>(T answer, DowntimeForecast? forecast, JsonOptions options)
    {
        var json = JsonSerializer.SerializeToNode(answer, options.SerializerOptions)!.AsObject();
        json[Name] = JsonSerializer.SerializeToNode(forecast, options.SerializerOptions);
        return json;
    }
}
