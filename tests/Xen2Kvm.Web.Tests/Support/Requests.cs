using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Requests that many tests make.</summary>
internal static class Requests
{
    public static object Host(string name, string kind) => new
    {
        name, kind, ssh = new { address = "192.0.2.1", hostKey = FakeHosts.Key, authentication = "Ambient" },
    };

    public static Task AddHostAsync(this HttpClient api, string name, string kind) => api.SendJsonAsync(HttpMethod.Post, "/api/v1/hosts", Host(name, kind));

    /// <summary>Adds and refreshes xen1 and kvm1, and plans files.</summary>
    public static async Task<Guid> PlanFilesAsync(this HttpClient api)
    {
        foreach (var (name, kind) in new[] { ("xen1", "Xen"), ("kvm1", "Kvm") })
        {
            await api.AddHostAsync(name, kind);
            await api.SendJsonAsync(HttpMethod.Post, $"/api/v1/hosts/{name}/refresh");
        }

        var plan = await api.SendJsonAsync(HttpMethod.Post, "/api/v1/plans", new { sourceHost = "xen1", guest = "files", targetHost = "kvm1" });
        return plan["id"]!.GetValue<Guid>();
    }

    public static async Task<Guid> StartFilesAsync(this HttpClient api)
    {
        var plan = await api.PlanFilesAsync();
        return (await api.SendJsonAsync(HttpMethod.Post, "/api/v1/runs", new { plan }))["id"]!.GetValue<Guid>();
    }

    public static async Task<JsonNode> SendJsonAsync(this HttpClient api, HttpMethod method, string path, object? body = null)
    {
        using var response = await api.SendAsync(new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) });
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Sends what must fail with a problem document, and returns its text.</summary>
    public static async Task<string> ProblemAsync(this HttpClient api, HttpMethod method, string path, object? body, HttpStatusCode status)
    {
        using var response = await api.SendAsync(new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) });
        var text = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return text;
    }
}
