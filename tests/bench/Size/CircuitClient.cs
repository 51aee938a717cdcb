using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Xen2Kvm.Bench;

/// <summary>
/// What a browser is to the dashboard, without drawing: a Blazor circuit of a page that takes every render, confirms it, answers what the page
/// asks of its JavaScript, and says for the virtualised table that its first screenful is in sight.
/// </summary>
internal sealed partial class CircuitClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private Task _receiving = Task.CompletedTask;

    /// <summary>Renders received.</summary>
    public long Renders { get; private set; }

    /// <summary>Bytes of renders received.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why it ended before its time; null while it goes on.</summary>
    public string? Fault { get; private set; }

    /// <summary>Opens a page as a browser does: its document, then its circuit.</summary>
    /// <param name="address">The dashboard.</param>
    /// <param name="path">The page.</param>
    /// <param name="cookies">Who looks.</param>
    public static async Task<CircuitClient> OpenAsync(Uri address, string path, string cookies)
    {
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add("Cookie", cookies);
        var markers = Marker().Matches(await http.GetStringAsync(new Uri(path, UriKind.Relative))).Select(match => JsonNode.Parse(match.Groups[1].Value)!).ToList();
        if (markers.Count == 0)
        {
            throw new InvalidOperationException($"{path} has no circuit.");
        }

        var client = new CircuitClient();
        client._socket.Options.SetRequestHeader("Cookie", cookies);
        client._socket.Options.SetRequestHeader("Origin", address.GetLeftPart(UriPartial.Authority));
        await client._socket.ConnectAsync(new Uri($"ws://{address.Authority}/_blazor"), default);
        await client._socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"blazorpack\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, default);
        var greeting = new byte[1024];
        var length = (await client._socket.ReceiveAsync(greeting, default)).Count;
        if (Encoding.UTF8.GetString(greeting, 0, length) is not "{}\u001e" and var refused)
        {
            throw new InvalidOperationException($"The circuit was refused: {refused}");
        }

        client._receiving = client.ReceiveAsync();
        await client.SendAsync(Packed.Invocation("0", "StartCircuit", address.ToString(), new Uri(address, path).ToString(), "[]", ""));
        var operations = new JsonArray([.. markers.Select((marker, index) => (JsonNode)new JsonObject { ["type"] = "add", ["ssrComponentId"] = index + 1, ["marker"] = marker })]);
        await client.SendAsync(Packed.Invocation(null, "UpdateRootComponents", new JsonObject { ["batchId"] = 1, ["operations"] = operations }.ToJsonString(), ""));
        return client;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _end.Dispose();
        _sending.Dispose();
    }

    [GeneratedRegex("<!--Blazor:({\"type\":\"server\".*?})-->")]
    private static partial Regex Marker();

    private async Task SendAsync(byte[] message)
    {
        await _sending.WaitAsync(_end.Token);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, true, _end.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            var (buffer, some) = (new MemoryStream(), new byte[65536]);
            while (true)
            {
                var part = await _socket.ReceiveAsync(some.AsMemory(), _end.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    Fault = $"closed: {_socket.CloseStatusDescription}";
                    return;
                }

                buffer.Write(some, 0, part.Count);
                var left = await TakeAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
                var rest = buffer.GetBuffer().AsSpan((int)buffer.Length - left, left).ToArray();
                buffer.SetLength(0);
                buffer.Write(rest);
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // It was disposed of.
        }
        catch (Exception fault)
        {
            Fault = fault.Message;
        }
    }

    // Takes whole messages; returns how many bytes of the next one are left.
    private async Task<int> TakeAsync(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            int length = 0, shift = 0, head = at;
            byte one;
            do
            {
                if (head >= bytes.Length)
                {
                    return bytes.Length - at;
                }

                one = bytes.Span[head++];
                length |= (one & 127) << shift;
                shift += 7;
            }
            while (one > 127);
            if (head + length > bytes.Length)
            {
                return bytes.Length - at;
            }

            var place = 0;
            await AnswerAsync((List<object?>)Packed.Read(bytes.Span.Slice(head, length), ref place)!);
            at = head + length;
        }

        return 0;
    }

    private async Task AnswerAsync(List<object?> message)
    {
        if (message[0] is 6L)
        {
            await SendAsync(Packed.Ping());
            return;
        }

        if (message[0] is 7L || (message[0] is 3L && message is [_, _, _, 1L, ..]))
        {
            Fault = $"ended by the dashboard: {string.Join(' ', message.OfType<string>())}";
            return;
        }

        if (message is not [1L, _, _, string target, List<object?> arguments, ..])
        {
            return;
        }

        switch (target, arguments)
        {
            case ("JS.RenderBatch", [long batch, byte[] content]):
                (Renders, Bytes) = (Renders + 1, Bytes + content.Length);
                await SendAsync(Packed.Invocation(null, "OnRenderCompleted", batch, null));
                break;
            case ("JS.BeginInvokeJS", [long handle, string called, string given, ..]):
                if (handle != 0)
                {
                    await SendAsync(Packed.Invocation(null, "EndInvokeJSFromDotNet", handle, true, $"[{handle},true,null]"));
                }

                if (called.EndsWith("Virtualize.init", StringComparison.Ordinal))
                {
                    // Nothing is drawn yet: the spacer below is as high as 500 rows of 37 px, in a window of 700 px.
                    var list = JsonNode.Parse(given)![0]!["__dotNetObject"]!.GetValue<long>();
                    await SendAsync(Packed.Invocation(null, "BeginInvokeDotNetFromJS", "1", null, "OnSpacerAfterVisible", list, JsonSerializer.Serialize(new[] { 18500, 0, 700 })));
                }

                break;
            case ("JS.Error", [string error, ..]):
                Fault = error;
                break;
        }
    }
}
