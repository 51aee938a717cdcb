using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Xen2Kvm.Domain.Planning;

namespace Xen2Kvm.Web.Api;

/// <summary>Puts a forecast beside the properties of a plan or a run: it is no part of either, for it changes with every run that ends.</summary>
internal static class ProjectedDowntime
{
    private const string Name = "projectedDowntime";

    /// <summary>The answer with the forecast, null when there is none.</summary>
    public static JsonObject Beside<T>(T answer, DowntimeForecast? forecast, JsonOptions options)
    {
        var json = JsonSerializer.SerializeToNode(answer, options.SerializerOptions)!.AsObject();
        json[Name] = JsonSerializer.SerializeToNode(forecast, options.SerializerOptions);
        return json;
    }

    /// <summary>Says in the OpenAPI document that the answer has the forecast beside its own properties.</summary>
    public static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var forecast = await context.GetOrCreateSchemaAsync(typeof(DowntimeForecast), null, cancellationToken).ConfigureAwait(false);
        forecast.Description = "What earlier runs let expect of the downtime; null when none was measured.";
        foreach (var body in operation.Responses?["200"].Content?.Values ?? [])
        {
            body.Schema = new OpenApiSchema
            {
                AllOf = [body.Schema!, new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema> { [Name] = forecast } }],
            };
        }
    }
}
