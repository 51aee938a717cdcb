using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Xen2Kvm.Web.Auth;
using Xen2Kvm.Web.Tests.Auth;
using Xen2Kvm.Web.Tests.Support;

namespace Xen2Kvm.Web.Tests.Api;

/// <summary>Tries every endpoint and page as everyone; <see cref="AccessMatrix"/> says what must come of it.</summary>
public sealed partial class AccessMatrixTests(Database database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_has_every_endpoint_and_no_other()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        Endpoints(dashboard).Select(endpoint => endpoint.Key).Distinct().Order().ShouldBe(AccessMatrix.Lines.Keys.Order());
    }

    [Fact]
    public async Task Without_a_sign_in_only_what_is_open_answers()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var nobody = dashboard.Anonymous();
        await TryAllAsync(dashboard, nobody, "nobody", (role, _) => role == AccessMatrix.Open);
    }

    [Theory]
    [InlineData(Roles.Viewer)]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.Approver)]
    [InlineData(Roles.Admin)]
    public async Task A_person_reaches_what_their_role_includes(string role)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(role);
        await TryAllAsync(dashboard, browser.Client, role, (least, _) => least == AccessMatrix.Open || Roles.AtLeast(least).Contains(role));
    }

    [Fact]
    public async Task A_person_who_was_disabled_reaches_nothing_with_the_session_of_before()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        var browser = await dashboard.SignedInAsync(Roles.Operator);
        (await browser.Client.GetAsync("/api/v1/me", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await dashboard.Get<People>().DisableAsync("operator", await dashboard.PrincipalAsync(Roles.Admin), Token);
        await TryAllAsync(dashboard, browser.Client, "disabled", (least, _) => least == AccessMatrix.Open);
    }

    [Fact]
    public async Task A_token_that_has_expired_reaches_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = await dashboard.WithTokenAsync(Roles.Admin, expiresAt: DateTimeOffset.UtcNow.AddSeconds(-1));
        await TryAllAsync(dashboard, client, "expired", (least, _) => least == AccessMatrix.Open);
    }

    [Theory]
    [InlineData(Roles.Admin, "all")]
    [InlineData(Roles.Viewer, "all")]
    [InlineData(Roles.Admin, "hosts")]
    [InlineData(Roles.Admin, "plans")]
    [InlineData(Roles.Admin, "runs")]
    [InlineData(Roles.Admin, "waves")]
    [InlineData(Roles.Admin, "cleanups")]
    [InlineData(Roles.Admin, "access")]
    [InlineData(Roles.Viewer, "access")]
    public async Task A_token_reaches_what_its_scope_covers_and_its_role_includes(string role, string scope)
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = await dashboard.WithTokenAsync(role, scope);
        await TryAllAsync(dashboard, client, $"{role} {scope}", (least, area) => least == AccessMatrix.Open
            || (Roles.AtLeast(least).Contains(role) && area != AccessMatrix.People && (scope == "all" || area == AccessMatrix.Any || area == scope)));
    }

    [Fact]
    public async Task A_token_for_reading_changes_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var client = await dashboard.WithTokenAsync(Roles.Admin, TokenScope.Read);
        foreach (var (key, path) in Endpoints(dashboard))
        {
            var (least, area, _) = AccessMatrix.Lines[key];
            var expected = least == AccessMatrix.Open || (area != AccessMatrix.People && key.StartsWith("GET ", StringComparison.Ordinal));
            (await IsLetInAsync(client, key, path)).ShouldBe(expected, $"{key} with a token for reading");
        }
    }

    [Fact]
    public async Task A_refused_token_is_told_what_it_lacks()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var narrow = await dashboard.WithTokenAsync(Roles.Admin, "plans");
        (await narrow.ProblemAsync(HttpMethod.Get, "/api/v1/hosts", null, HttpStatusCode.Forbidden))
            .ShouldContain("has the scope plans, which does not cover GET /api/v1/hosts");
        using var viewer = await dashboard.WithTokenAsync(Roles.Viewer);
        (await viewer.ProblemAsync(HttpMethod.Get, "/api/v1/people", null, HttpStatusCode.Forbidden)).ShouldContain("has the role Viewer");
    }

    [Fact]
    public async Task A_path_that_does_not_exist_tells_an_anonymous_visitor_nothing()
    {
        await using var dashboard = await Dashboard.StartAsync(database);
        using var anonymous = dashboard.Anonymous();
        using var page = await anonymous.GetAsync("/no/such/page", Token);
        page.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        using var api = await anonymous.GetAsync("/api/v1/nothing", Token);
        api.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    private static async Task TryAllAsync(Dashboard dashboard, HttpClient client, string who, Func<string, string, bool> mayEnter)
    {
        foreach (var (key, path) in Endpoints(dashboard))
        {
            var (least, area, _) = AccessMatrix.Lines[key];
            (await IsLetInAsync(client, key, path)).ShouldBe(mayEnter(least, area), $"{key} as {who}");
        }
    }

    // Nothing is changed by this: ids and names are made up, bodies are missing, and a session's call has no antiforgery token.
    internal static async Task<bool> IsLetInAsync(HttpClient client, string key, string path, object? body = null)
    {
        using var response = await client.SendAsync(
            new HttpRequestMessage(new HttpMethod(key.Split(' ')[0]), path) { Content = body is null ? null : JsonContent.Create(body) }, Token);
        response.StatusCode.ShouldNotBe(HttpStatusCode.InternalServerError, key);
        var sentTo = response.Headers.Location?.OriginalString ?? "";
        return response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            && !sentTo.Contains("/account/sign-in?returnUrl") && !sentTo.Contains("/account/denied");
    }

    /// <summary>Every endpoint but the static files, which are named one by one in the build's manifest.</summary>
    internal static IEnumerable<(string Key, string Path)> Endpoints(Dashboard dashboard) =>
        from endpoint in dashboard.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where !endpoint.Metadata.Any(item => item.GetType().Name == "StaticAssetDescriptor")
        let pattern = "/" + endpoint.RoutePattern.RawText!.TrimStart('/')
        let path = Parameter().Replace(pattern, match => match.Value.Contains("guid", StringComparison.Ordinal) ? Guid.NewGuid().ToString()
            : match.Value.Contains(":file", StringComparison.Ordinal) ? "x.txt"
            : match.Value.StartsWith("{documentName", StringComparison.Ordinal) ? "v1" : "x")
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        select ($"{method} {pattern}", path);

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
