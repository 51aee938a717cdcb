using System.Globalization;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace Xen2Kvm.Engine.Notifications;

/// <summary>What became of one try to deliver.</summary>
/// <param name="IsDelivered">The other side has it.</param>
/// <param name="Answer">What it answered, in words.</param>
public sealed record DeliveryReport(bool IsDelivered, string Answer);

/// <summary>
/// Posts notifications as JSON. <c>X-X2K-Timestamp</c> holds seconds since 1970, <c>X-X2K-Signature</c> <c>sha256=</c> and the lower-case
/// hexadecimal HMAC-SHA256, under the channel's secret, of timestamp, a full stop and body; <c>X-X2K-Id</c> the notification's id, by which
/// a receiver drops what comes twice. Redirects are not followed.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    private const int MostWords = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() }, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly HttpClient _http;
    private readonly NotificationOptions _options;
    private readonly TimeProvider _time;

    /// <summary>A sender whose connections the guard makes.</summary>
    public WebhookSender(AddressGuard guard, IOptions<NotificationOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            // No proxy: it would connect for us, past the guard. No connection is used twice: each is looked at anew.
            ConnectCallback = async (context, cancellationToken) => await guard.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false),
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>The signature of a body.</summary>
    public static string Sign(string secret, string timestamp, string body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));

    /// <summary>Sends one; whatever the other side does becomes the report.</summary>
    public async Task<DeliveryReport> SendAsync(WebhookTarget target, string secret, Notification notification, CancellationToken cancellationToken)
    {
        var uri = new Uri(target.Url);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.WebhookTimeout);
        try
        {
            using var request = Request(uri, secret, notification);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            var answer = $"{uri.Authority} answered {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd();
            return response switch
            {
                { IsSuccessStatusCode: true } => new(true, answer + "."),
                { Headers.Location: { } elsewhere } => new(false, $"{answer} and sends on to {elsewhere}, which is not followed. Enter the final address."),
                _ => new(false, $"{answer}. {await BeginningAsync(response, limit.Token).ConfigureAwait(false)}".TrimEnd()),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(false, $"{uri.Authority} did not answer within {_options.WebhookTimeout.TotalSeconds:0} s.");
        }
        catch (HttpRequestException failure)
        {
            return new(false, failure switch
            {
                { InnerException: AddressRefusedException refused } => refused.Message,
                { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                    $"{uri.Authority} could not be spoken with securely: {failure.InnerException?.Message ?? failure.Message}",
                _ => $"{uri.Authority} could not be reached: {failure.InnerException?.Message ?? failure.Message}",
            });
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Uri uri, string secret, Notification notification)
    {
        var body = JsonSerializer.Serialize(
            new { notification.Id, notification.Kind, notification.At, notification.Title, notification.Text, Url = _options.PublicUrl?.TrimEnd('/') + notification.Path }, Json);
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new StringContent(body, Encoding.UTF8, MediaTypeNames.Application.Json) };
        request.Headers.Add("User-Agent", "Xen2Kvm");
        request.Headers.Add("X-X2K-Id", notification.Id.ToString());
        request.Headers.Add("X-X2K-Timestamp", timestamp);
        request.Headers.Add("X-X2K-Signature", Sign(secret, timestamp, body));
        return request;
    }

    private static async Task<string> BeginningAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        var words = new char[MostWords];
        var count = await reader.ReadBlockAsync(words, cancellationToken).ConfigureAwait(false);
        return PlainText.OneLine(new string(words, 0, count));
    }
}
