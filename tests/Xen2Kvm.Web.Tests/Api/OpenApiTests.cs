using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed class OpenApiTests(Database database)
{
    [Fact]
    public async Task The_document_names_every_path_with_a_summary_and_how_to_authenticate()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var api = await dashboard.WithTokenAsync(Roles.Viewer);
        var document = await api.GetFromJsonAsync<JsonNode>("/openapi/v1.json", TestContext.Current.CancellationToken);
        var paths = document!["paths"]!.AsObject();
        paths.Select(path => path.Key).ShouldContain("/api/v1/runs/{id}/rollback");
        paths.Count.ShouldBeGreaterThan(25);
        paths.ShouldAllBe(path => path.Key.StartsWith("/api/v1/"));
        foreach (var operation in paths.SelectMany(path => path.Value!.AsObject().Select(operation => (path.Key, operation))))
        {
            operation.operation.Value!["summary"].ShouldNotBeNull($"{operation.operation.Key} {operation.Key}");
        }

        foreach (var (path, answer) in new[] { ("/api/v1/plans/{id}", "Plan"), ("/api/v1/runs/{id}", "Run") })
        {
            var parts = paths[path]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!["allOf"]!.AsArray();
            parts[0]!["$ref"]!.GetValue<string>().ShouldBe($"#/components/schemas/{answer}");
            parts[1]!["properties"]!["projectedDowntime"].ShouldNotBeNull();
        }

        document["components"]!["securitySchemes"]!["token"]!["scheme"]!.GetValue<string>().ShouldBe("bearer");
    }
}
