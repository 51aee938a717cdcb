using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Xen2Kvm.Web.Api;

/// <summary>Titles the OpenAPI document and says how to authenticate.</summary>
internal sealed class ApiDocument : IOpenApiDocumentTransformer
{
    /// <inheritdoc/>
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Xen2Kvm",
            Version = "v1",
            Description = "Moves virtual machines from Xen hosts to KVM hosts. Send an API token as `Authorization: Bearer x2k_…`. "
                + "Failures are problem documents (RFC 9457); `detail` says what happened, where, and what to do next.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes["token"] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API token, made under Settings or by POST /api/v1/tokens.",
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
        return Task.CompletedTask;
    }
}
