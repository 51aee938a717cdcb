using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

public sealed partial class EndpointAuthorizationTests(Database database)
{
    /// <summary>All that an anonymous visitor may reach; a new entry needs a reason.</summary>
    private static readonly string[] Open = ["/health", "/account/sign-in", "/account/first-admin", "/account/denied"];

    [Fact]
    public async Task Every_endpoint_wants_a_sign_in_but_health_sign_in_set_up_and_static_files()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var anonymous = dashboard.Anonymous();
        var tried = 0;
        foreach (var (method, path, endpoint) in Endpoints(dashboard))
        {
            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                IsMeantToBeOpen(path, endpoint).ShouldBeTrue($"{method} {path} is open to everyone");
                continue;
            }

            using var response = await anonymous.SendAsync(new HttpRequestMessage(method, path), TestContext.Current.CancellationToken);
            var refused = response.StatusCode == HttpStatusCode.Unauthorized
                || (response.StatusCode == HttpStatusCode.Redirect && response.Headers.Location!.ToString().Contains("/account/sign-in"));
            refused.ShouldBeTrue($"{method} {path} answered {response.StatusCode} to an anonymous visitor");
            tried++;
        }

        tried.ShouldBeGreaterThan(35);
    }

    [Fact]
    public async Task A_path_that_does_not_exist_tells_an_anonymous_visitor_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var anonymous = dashboard.Anonymous();
        using var page = await anonymous.GetAsync("/no/such/page", TestContext.Current.CancellationToken);
        page.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var api = await anonymous.GetAsync("/api/v1/nothing", TestContext.Current.CancellationToken);
        api.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Fact]
    public async Task A_viewer_changes_nothing_and_an_operator_may()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var viewer = await dashboard.WithTokenAsync(Roles.Viewer);
        using var oper = await dashboard.WithTokenAsync(Roles.Operator);
        foreach (var (method, path, _) in Endpoints(dashboard)
                     .Where(found => found.Method != HttpMethod.Get && found.Path.StartsWith("/api/", StringComparison.Ordinal) && !found.Path.Contains("/tokens")))
        {
            using var refused = await viewer.SendAsync(new HttpRequestMessage(method, path), TestContext.Current.CancellationToken);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{method} {path} as Viewer");
            using var allowed = await oper.SendAsync(new HttpRequestMessage(method, path), TestContext.Current.CancellationToken);
            allowed.StatusCode.ShouldNotBe(HttpStatusCode.Forbidden, $"{method} {path} as Operator");
            allowed.StatusCode.ShouldNotBe(HttpStatusCode.Unauthorized, $"{method} {path} as Operator");
        }
    }

    private static IEnumerable<(HttpMethod Method, string Path, RouteEndpoint Endpoint)> Endpoints(Dashboard dashboard)
    {
        foreach (var endpoint in dashboard.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            var path = Parameter().Replace(pattern, match => match.Value.Contains("guid", StringComparison.Ordinal) ? Guid.NewGuid().ToString()
                : match.Value.StartsWith("{documentName", StringComparison.Ordinal) ? "v1" : "x");
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            {
                yield return (new HttpMethod(method), path, endpoint);
            }
        }
    }

    // Static files are named one by one in the build's manifest.
    private static bool IsMeantToBeOpen(string path, RouteEndpoint endpoint) =>
        Open.Contains(path) || endpoint.Metadata.Any(item => item.GetType().Name == "StaticAssetDescriptor");

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
