using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Xen2Kvm.Web.Tests.Support;

/// <summary>Speaks SignalR's JSON protocol over a web socket (its client library cannot be restored everywhere).</summary>
internal sealed class HubClient : IAsyncDisposable
{
    private const char End = '\u001e';
    private readonly ClientWebSocket _socket = new();
    private readonly Queue<JsonNode> _received = new();
    private string _rest = "";

    /// <exception cref="WebSocketException">The server refused.</exception>
    public static async Task<HubClient> ConnectAsync(Uri dashboard, string path, string? token, CancellationToken cancellationToken)
    {
        var client = new HubClient();
        if (token is not null)
        {
            client._socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        }

        await client._socket.ConnectAsync(new UriBuilder(dashboard) { Scheme = "ws", Path = path }.Uri, cancellationToken);
        await client.SendAsync(new { protocol = "json", version = 1 }, cancellationToken);
        (await client.ReceiveAsync(cancellationToken))["error"].ShouldBeNull();
        return client;
    }

    /// <summary>Calls a method and waits until it is done.</summary>
    public async Task InvokeAsync(string method, CancellationToken cancellationToken, params object[] arguments)
    {
        await SendAsync(new { type = 1, invocationId = "1", target = method, arguments }, cancellationToken);
        var completion = await NextAsync(message => message["type"]?.GetValue<int>() == 3, cancellationToken);
        completion["error"].ShouldBeNull();
    }

    /// <summary>Waits for a message of the server and returns its first argument.</summary>
    public async Task<JsonNode> MessageAsync(string method, CancellationToken cancellationToken) =>
        (await NextAsync(message => message["target"]?.GetValue<string>() == method, cancellationToken))["arguments"]![0]!;

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonNode> NextAsync(Func<JsonNode, bool> wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            var message = await ReceiveAsync(cancellationToken);
            if (wanted(message))
            {
                return message;
            }
        }
    }

    private Task SendAsync(object message, CancellationToken cancellationToken) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(message) + End), WebSocketMessageType.Text, true, cancellationToken);

    private async Task<JsonNode> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[8192];
        while (_received.Count == 0)
        {
            var result = await _socket.ReceiveAsync(buffer, cancellationToken);
            result.MessageType.ShouldBe(WebSocketMessageType.Text, "the server closed the connection");
            var parts = (_rest + Encoding.UTF8.GetString(buffer, 0, result.Count)).Split(End);
            _rest = parts[^1];
            foreach (var part in parts[..^1])
            {
                _received.Enqueue(JsonNode.Parse(part)!);
            }
        }

        return _received.Dequeue();
    }
}
