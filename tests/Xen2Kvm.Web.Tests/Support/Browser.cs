using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Keeps cookies and posts forms with an antiforgery token, as a person's browser does; follows no redirect.</summary>
public sealed class Browser
{
    private readonly Dashboard _dashboard;
    private readonly CookieContainer _cookies = new();

    public Browser(Dashboard dashboard)
    {
        _dashboard = dashboard;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = _cookies }) { BaseAddress = dashboard.Address };
    }

    public HttpClient Client { get; }

    public IEnumerable<Cookie> Cookies => _cookies.GetCookies(_dashboard.Address);

    /// <summary>The antiforgery token that a page would hold for this session, and its cookie set.</summary>
    public async Task<string> AntiforgeryTokenAsync()
    {
        await using var scope = _dashboard.App.Services.CreateAsyncScope();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Headers.Cookie = string.Join("; ", Cookies.Select(cookie => $"{cookie.Name}={cookie.Value}"));
        var session = await http.AuthenticateAsync(IdentityConstants.ApplicationScheme);
        http.User = session.Principal ?? new ClaimsPrincipal(new ClaimsIdentity());
        var tokens = scope.ServiceProvider.GetRequiredService<IAntiforgery>().GetTokens(http);
        if (tokens.CookieToken is { } cookieToken)
        {
            _cookies.Add(_dashboard.Address, new Cookie("x2k-antiforgery", cookieToken));
        }

        return tokens.RequestToken!;
    }

    public async Task<HttpResponseMessage> PostFormAsync(string path, params (string Name, string Value)[] fields)
    {
        var token = await AntiforgeryTokenAsync();
        return await PostRawAsync(path, [.. fields, ("__RequestVerificationToken", token)]);
    }

    public Task<HttpResponseMessage> PostRawAsync(string path, params (string Name, string Value)[] fields) =>
        Client.PostAsync(path, new FormUrlEncodedContent(fields.ToDictionary(field => field.Name, field => field.Value)));
}
