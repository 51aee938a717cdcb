using System.Net;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Auth;

public sealed class SecurityHeadersTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/")]
    [InlineData("/api/v1/hosts")]
    [InlineData("/_framework/blazor.web.js")]
    public async Task Every_answer_carries_the_headers(string path)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = dashboard.Anonymous();
        using var response = await client.GetAsync(path, Token);
        string Header(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
        Header("Content-Security-Policy").ShouldContain("frame-ancestors 'none'");
        Header("Content-Security-Policy").ShouldNotContain("script-src 'self' 'unsafe");
        Header("X-Content-Type-Options").ShouldBe("nosniff");
        Header("Referrer-Policy").ShouldBe("same-origin");
        Header("X-Frame-Options").ShouldBe("DENY");
        Header("Server").ShouldBe("");
        Header("Strict-Transport-Security").ShouldBe("", "only under https");
    }

    [Fact]
    public async Task Blazors_script_and_the_components_styles_are_served_without_a_sign_in()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = dashboard.Anonymous();
        (await client.GetByteArrayAsync("/_framework/blazor.web.js", Token)).Length.ShouldBeGreaterThan(100_000);
        using var radzen = await client.GetAsync("/_content/Radzen.Blazor/Radzen.Blazor.js", Token);
        radzen.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_web_socket_of_another_site_is_refused()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = await dashboard.WithTokenAsync(Roles.Viewer);
        async Task<HttpStatusCode> UpgradeAsync(string? origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/hubs/runs?id=x");
            request.Headers.Add("Connection", "Upgrade");
            request.Headers.Add("Upgrade", "websocket");
            request.Headers.Add("Sec-WebSocket-Version", "13");
            request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            return response.StatusCode;
        }

        (await UpgradeAsync("https://evil.example")).ShouldBe(HttpStatusCode.Forbidden);
        (await UpgradeAsync(dashboard.Address.GetLeftPart(UriPartial.Authority))).ShouldNotBe(HttpStatusCode.Forbidden);
        (await UpgradeAsync(null)).ShouldNotBe(HttpStatusCode.Forbidden);
    }
}
