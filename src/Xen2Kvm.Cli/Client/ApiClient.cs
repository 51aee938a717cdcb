using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xen2Kvm.Engine.Runs;

namespace Xen2Kvm.Cli.Client;

/// <summary>Speaks with the dashboard's REST API. A failure becomes a <see cref="CliException"/> with the server's own words.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _hasToken;

    /// <summary>A client of one dashboard.</summary>
    public ApiClient(Uri address, string? token)
    {
        // A host's inventory, a preflight over two slow hosts, a long poll: none of them is quick.
        _http = new HttpClient { BaseAddress = new Uri(address, "/api/v1/"), Timeout = TimeSpan.FromMinutes(10) };
        _hasToken = token is not null;
        if (token is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>GET as a JSON document.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) =>
        await GetAsync<JsonNode>(path, cancellationToken).ConfigureAwait(false);

    /// <summary>GET as a type.</summary>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken)
        where T : class => SendAsync<T>(HttpMethod.Get, path, null, cancellationToken);

    /// <summary>GET as text.</summary>
    public async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Get, path, null, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>GET as text that may be larger than the memory, piece by piece.</summary>
    public async Task CopyAsync(string path, Action<string> write, CancellationToken cancellationToken)
    {
        using var response = await RequestAsync(HttpMethod.Get, path, null, cancellationToken, HttpCompletionOption.ResponseHeadersRead).ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        var piece = new char[1 << 15];
        try
        {
            while (await reader.ReadAsync(piece, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                write(new string(piece, 0, count));
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            throw new CliException($"The dashboard broke off; what was written is not all of it ({failure.Message}).");
        }
    }

    /// <summary>POST with a body that may be null.</summary>
    public Task<T> PostAsync<T>(string path, object? body, CancellationToken cancellationToken)
        where T : class => SendAsync<T>(HttpMethod.Post, path, body, cancellationToken);

    /// <summary>POST of text as it is.</summary>
    public async Task<T> PostTextAsync<T>(string path, byte[] text, string mediaType, CancellationToken cancellationToken)
        where T : class
    {
        using var content = new ByteArrayContent(text);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return await SendAsync<T>(HttpMethod.Post, path, content, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>PUT.</summary>
    public Task<T> PutAsync<T>(string path, object body, CancellationToken cancellationToken)
        where T : class => SendAsync<T>(HttpMethod.Put, path, body, cancellationToken);

    /// <summary>DELETE.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        (await RequestAsync(HttpMethod.Delete, path, null, cancellationToken).ConfigureAwait(false)).Dispose();

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
        where T : class
    {
        using var response = await RequestAsync(method, path, body, cancellationToken).ConfigureAwait(false);
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(RunJson.Options, cancellationToken).ConfigureAwait(false)
                ?? throw new CliException("The dashboard gave an empty answer.");
        }
        catch (JsonException)
        {
            throw new CliException($"What answers at {_http.BaseAddress} is no Xen2Kvm dashboard, or one of another version.");
        }
    }

    private async Task<HttpResponseMessage> RequestAsync(
        HttpMethod method, string path, object? body, CancellationToken cancellationToken, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = body as HttpContent ?? JsonContent.Create(body, options: RunJson.Options);
        }

        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure)
        {
            throw new CliException($"No dashboard answers at {_http.BaseAddress!.GetLeftPart(UriPartial.Authority)} ({failure.Message}). Start it, or give --url.") { IsTransient = true };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException($"The dashboard did not answer within {_http.Timeout.TotalMinutes:0} minutes.");
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new CliException(await ReasonAsync(response, cancellationToken).ConfigureAwait(false))
            {
                IsTransient = response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
            };
        }
    }

    private async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            return _hasToken
                ? "The dashboard does not accept this API token: it is unknown, revoked or has expired."
                : "The dashboard wants an API token. Make one under Settings, and give it in X2K_TOKEN.";
        }

        try
        {
            var problem = await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken).ConfigureAwait(false);
            return (string?)problem?["detail"] ?? (string?)problem?["title"] ?? $"The dashboard answered {(int)response.StatusCode}.";
        }
        catch (JsonException)
        {
            return $"The dashboard answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        }
    }
}
