using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Querying;
using Culprit.Server.Querying.WebSockets;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class WebSocketTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task AnEventIsPublishedOnceItIsDurable()
    {
        using var socket = await OpenAsync();
        var gate = new TaskCompletionSource();
        _face.Journal.Gate = gate.Task;

        await SendAsync(socket, """{"action":"publish","ref":"x","event":{"type":"log.entry","message":"hello","service":"api"}}""");
        var answer = ReadAsync(socket);
        while (_face.Journal.Appends == 0)
        {
            await Task.Yield();
        }

        Assert.False(answer.IsCompleted);
        gate.SetResult();
        var published = await answer;
        var id = (string?)published["ids"]![0];
        Assert.Equal(("x", "published"), ((string?)published["ref"], (string?)published["status"]));
        Assert.Equal("hello", (string?)(await _face.GetAsync("/events/" + id)).Json["message"]);
    }

    [Fact]
    public async Task SeveralEventsAreOneMessageAndBadOnesAreNamed()
    {
        using var socket = await OpenAsync();

        await SendAsync(socket, """{"events":[{"message":"a","id":"e1"},{"no":1},{"message":"b"},{"message":"a","id":"e1"}],"ref":7,"action":"publish"}""");

        var answer = await ReadAsync(socket);
        Assert.Equal((7, "published"), ((int?)answer["ref"], (string?)answer["status"]));
        Assert.Equal((2, "e1", 1), (answer["ids"]!.AsArray().Count, (string?)answer["ids"]![0], (int?)answer["duplicates"]));
        Assert.Equal((1, "not_an_event"), ((int?)answer["rejected"]![0]!["index"], (string?)answer["rejected"]![0]!["code"]));
    }

    [Fact]
    public async Task ABareEventIsPublishedAndSentTwiceCountsOnce()
    {
        using var socket = await OpenAsync();

        for (var i = 0; i < 2; i++)
        {
            await SendAsync(socket, """{"type":"log.entry","id":"bare-1","message":"bare","context":{"action":"x"}}""");
            var answer = await ReadAsync(socket);

            Assert.Equal(("published", "bare-1"), ((string?)answer["status"], (string?)answer["ids"]![0]));
            Assert.Equal(i == 0 ? null : 1, (int?)answer["duplicates"]);
        }

        Assert.Equal(1, await _face.Records.CountAsync(Token));
    }

    [Fact]
    public async Task AnswersComeInTheOrderOfTheMessages()
    {
        using var socket = await OpenAsync();

        for (var i = 0; i < 200; i++)
        {
            await SendAsync(socket, $$$"""{"action":"publish","ref":{{{i}}},"event":{"message":"m{{{i}}}"}}""");
        }

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(i, (int?)(await ReadAsync(socket))["ref"]);
        }

        var stored = await _face.Records.FindAsync(new RecordQuery { OldestFirst = true, Limit = 1000 }, Token);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"m{i}"), stored.OrderBy(r => r.Sequence).Select(r => r.Body));
    }

    [Theory]
    [InlineData("no json", "bad_json")]
    [InlineData("""{"action":"ping"} x""", "bad_json")]
    [InlineData("[1]", "not_an_object")]
    [InlineData("""{"action":"dance"}""", "unknown_action")]
    [InlineData("""{"action":1}""", "unknown_action")]
    [InlineData("""{"action":"ping","action":"ping"}""", "duplicate_key")]
    [InlineData("""{"action":"publish"}""", "bad_message")]
    [InlineData("""{"action":"publish","event":[]}""", "bad_message")]
    [InlineData("""{"action":"publish","event":{"message":"a"},"events":[]}""", "bad_message")]
    [InlineData("""{"action":"publish","event":{"type":"log.anomaly"}}""", "reserved_type")]
    [InlineData("""{"action":"ping","ref":{}}""", "bad_ref")]
    [InlineData("""{"action":"subscribe","type":"log.error"}""", "unknown_field")]
    [InlineData("""{"action":"subscribe","types":[1]}""", "bad_parameter")]
    [InlineData("""{"action":"subscribe","level":"loud"}""", "bad_parameter")]
    [InlineData("""{"hello":1}""", "not_an_event")]
    [InlineData("", "bad_json")]
    public async Task AMistakeIsAnsweredAndTheSocketStaysOpen(string message, string code)
    {
        using var socket = await OpenAsync();

        await SendAsync(socket, message);
        await SendAsync(socket, """{"action":"ping","ref":"still"}""");

        var answer = await ReadAsync(socket);
        Assert.Equal(("rejected", code), ((string?)answer["status"], (string?)answer["code"]));
        Assert.Equal("""{"ref":"still","status":"pong"}""", (await ReadAsync(socket)).ToJsonString());
    }

    [Fact]
    public async Task ARefusalOfTheJournalSaysWhenToComeBack()
    {
        using var socket = await OpenAsync();
        _face.Journal.Refusal = "The disk is full.";

        await SendAsync(socket, """{"action":"publish","ref":"r","event":{"message":"a"}}""");

        var answer = await ReadAsync(socket);
        Assert.Equal(("r", "overloaded", 7), ((string?)answer["ref"], (string?)answer["code"], (int?)answer["retry_after"]));
    }

    [Fact]
    public async Task ASubscriptionFiltersAndTheNextReplacesIt()
    {
        using var socket = await OpenAsync();
        await AskAsync(socket, """{"action":"subscribe","types":["log.error","log.anomaly"],"text":"timeout","ref":1}""", "subscribed");

        _face.Hub.PublishBatch(
            Batch("""{"message":"timeout 1"}{"message":"refused","level":"error"}{"message":"Timeout 2","level":"error"}"""), new BatchAnnotations(3));
        _face.Hub.Publish(HttpFace.Derived("an1", "log.anomaly", 1, extra: ",\"observed\":\"a timeout\""));

        Assert.Equal("Timeout 2", (string?)(await ReadAsync(socket))["event"]!["message"]);
        Assert.Equal("an1", (string?)(await ReadAsync(socket))["event"]!["id"]);

        await AskAsync(socket, """{"action":"subscribe","level":["error","fatal"],"service":"db"}""", "subscribed");
        _face.Hub.PublishBatch(
            Batch("""{"message":"a timeout","level":"error"}{"message":"b","level":"fatal","service":"db"}"""), new BatchAnnotations(2));
        Assert.Equal("b", (string?)(await ReadAsync(socket))["event"]!["message"]);

        await AskAsync(socket, """{"action":"unsubscribe"}""", "unsubscribed");
        Assert.False(_face.Hub.WantsRecords);
    }

    [Fact]
    public async Task AClientThatLeavesIsForgotten()
    {
        using (var socket = await OpenAsync())
        {
            await AskAsync(socket, """{"action":"subscribe"}""", "subscribed");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Token);
            Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        }

        using (var socket = await OpenAsync())
        {
            await AskAsync(socket, """{"action":"subscribe"}""", "subscribed");
            socket.Abort();
        }

        await UntilAsync(() => !_face.Hub.WantsRecords && Number("connections") == 0);
    }

    [Fact]
    public async Task AMessageOver1MiBClosesWith1009()
    {
        using var socket = await OpenAsync();
        var largest = $$"""{"message":"{{new string('x', 200_000)}}","a":"{{new string('y', SocketLimits.MaxMessageBytes - 200_000 - 21)}}"}""";
        Assert.Equal(SocketLimits.MaxMessageBytes, largest.Length);

        await SendAsync(socket, largest);
        Assert.Equal("published", (string?)(await ReadAsync(socket))["status"]);
        await SendAsync(socket, largest + " ");

        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await ReadCloseAsync(socket));
    }

    [Fact]
    public async Task BinaryIsNotUnderstood()
    {
        using var socket = await OpenAsync();

        await socket.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Binary, true, Token);

        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, await ReadCloseAsync(socket));
    }

    [Fact]
    public async Task ASlowClientIsToldWhatItMissed()
    {
        using var socket = await OpenAsync();
        await AskAsync(socket, """{"action":"subscribe","types":["big"]}""", "subscribed");

        // Until the client reads, a few megabytes wait in the sockets' buffers and then 2,048 events in the queue.
        var sent = await FillAsync();
        int received = 0, dropped = 0;
        while (received + dropped < sent)
        {
            var message = await ReadAsync(socket);
            received += message["event"] is null ? 0 : 1;
            dropped += (int?)message["dropped"] ?? 0;
        }

        Assert.True(dropped > 0);
        Assert.InRange(received, Subscription.Capacity, sent - 1);
        await AskAsync(socket, """{"action":"ping"}""", "pong");
        Assert.Equal(dropped, Number("dropped_events"));
    }

    [Fact]
    public async Task AClientThatReadsNothingFor30SecondsIsClosed()
    {
        using var socket = await OpenAsync();
        await AskAsync(socket, """{"action":"subscribe","types":["big"]}""", "subscribed");

        await FillAsync();
        await UntilAsync(() =>
        {
            _face.Clock.Advance(TimeSpan.FromSeconds(31));
            return Number("closed_slow") == 1;
        });

        await UntilAsync(() => Number("connections") == 0 && !_face.Hub.WantsRecords);
    }

    [Theory]
    [InlineData("/ws/a%20b", 400, "bad_client_id")]
    [InlineData("/ws/a%E2%80%AEb", 400, "bad_client_id")]
    [InlineData("/ws/me", 426, "websocket_expected")]
    public async Task WhatIsNoSocketIsRefused(string path, int status, string code)
    {
        var answer = await _face.GetAsync(path);

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task AClientIdHas128CharactersAtMost()
    {
        Assert.Equal(426, (await _face.GetAsync("/ws/" + new string('x', 128))).Status);
        Assert.Equal(400, (await _face.GetAsync("/ws/" + new string('x', 129))).Status);
    }

    [Fact]
    public async Task APageOfAnotherOriginMayNotConnect()
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "https://evil.example");
        socket.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(Url("me"), Token));

        Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
    }

    [Fact]
    public async Task MoreConnectionsThanAllowedAreRefused()
    {
        await using var face = await HttpFace.StartAsync(services => services.AddSingleton(new SocketLimits(1)));
        using var first = await OpenAsync(face);
        using var second = new ClientWebSocket();
        second.Options.CollectHttpResponseDetails = true;

        await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(Url("me", face), Token));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.HttpStatusCode);
        await first.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Token);

        await UntilAsync(async () =>
        {
            using var third = new ClientWebSocket();
            try
            {
                await third.ConnectAsync(Url("me", face), Token);
                return true;
            }
            catch (WebSocketException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task AStoppingServerSaysSo()
    {
        await using var face = await HttpFace.StartAsync();
        using var socket = await OpenAsync(face);

        var stopping = face.DisposeAsync();

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ReadCloseAsync(socket));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Token);
        await stopping;
    }

    private Task<ClientWebSocket> OpenAsync() => OpenAsync(_face);

    private static async Task<ClientWebSocket> OpenAsync(HttpFace face)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(Url("me", face), Token);
        return socket;
    }

    private Uri Url(string client) => Url(client, _face);

    private static Uri Url(string client, HttpFace face) => new($"ws://{face.Address.Authority}/ws/{client}");

    private static RecordBatch Batch(string body)
    {
        var writer = new RecordBatchWriter();
        new BatchJsonParser().Parse(Encoding.UTF8.GetBytes(body), false, writer, UnixNanos.From(HttpFace.Now), null, new BatchParse());
        return writer.ToBatch(UnixNanos.From(HttpFace.Now), 1);
    }

    /// <summary>Publishes large events until some were dropped; how many.</summary>
    private async Task<int> FillAsync()
    {
        using var witness = _face.Hub.Subscribe(new EventFilter { Types = ["big"] })!;
        var big = HttpFace.Derived("big", "big", 1, extra: $",\"x\":\"{new string('x', 32_000)}\"");
        const int Sent = 4 * Subscription.Capacity;
        for (var i = 0; i < Sent; i++)
        {
            _face.Hub.Publish(big);
            if (i % 64 == 0)
            {
                await Task.Yield();
            }
        }

        Assert.Equal(Sent - Subscription.Capacity, witness.TakeDropped());
        return Sent;
    }

    private long Number(string name) => Convert.ToInt64(
        _face.Services.GetRequiredService<SocketLimits>().Check().Numbers[name], System.Globalization.CultureInfo.InvariantCulture);

    private static Task SendAsync(ClientWebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Token);

    private static async Task AskAsync(ClientWebSocket socket, string message, string status)
    {
        await SendAsync(socket, message);
        Assert.Equal(status, (string?)(await ReadAsync(socket))["status"]);
    }

    private static async Task<JsonNode> ReadAsync(ClientWebSocket socket)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[65536];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(), Token);
            Assert.Equal(WebSocketMessageType.Text, read.MessageType);
            whole.Write(buffer, 0, read.Count);
            if (read.EndOfMessage)
            {
                return JsonNode.Parse(whole.ToArray())!;
            }
        }
    }

    private static async Task<WebSocketCloseStatus?> ReadCloseAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), Token)).MessageType != WebSocketMessageType.Close)
        {
            // Answers that came before.
        }

        return socket.CloseStatus;
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await condition())
        {
            await pause.WaitForNextTickAsync(Token);
        }
    }
}
