using System.Text;
using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class StreamTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task LiveRecordsAndDerivedEventsArriveAsTheyAreQueried()
    {
        using var reader = await OpenAsync("");
        var batch = Batch("{\"message\":\"a\",\"context\":{\n\"n\":1}}{\"message\":\"b\",\"level\":\"error\"}");

        _face.Hub.PublishBatch(batch, new BatchAnnotations(2));
        _face.Hub.Publish(HttpFace.Derived("an1", "log.anomaly", 1));

        Assert.Equal("a", (string?)JsonNode.Parse(await ReadLineAsync(reader, "data: "))!["message"]);
        Assert.Equal("b", (string?)JsonNode.Parse(await ReadLineAsync(reader, "data: "))!["message"]);
        Assert.Equal("an1", await ReadLineAsync(reader, "id: "));
        Assert.Equal("log.anomaly", (string?)JsonNode.Parse(await ReadLineAsync(reader, "data: "))!["type"]);
    }

    [Fact]
    public async Task FiltersApplyAndErrorViewsComeOnlyByName()
    {
        using var reader = await OpenAsync("?type=log.error&text=TIMEOUT&service=api");
        var batch = Batch("{\"message\":\"timeout 1\",\"level\":\"error\",\"service\":\"api\"}{\"message\":\"timeout 2\",\"level\":\"error\",\"service\":\"db\"}"
            + "{\"message\":\"timeout 3\",\"service\":\"api\"}{\"message\":\"refused\",\"level\":\"error\",\"service\":\"api\"}"
            + "{\"message\":\"timeout 5\",\"level\":\"fatal\",\"service\":\"api\"}{\"message\":\"a timeout 6\",\"level\":\"fatal\",\"service\":\"api\"}");
        var annotations = new BatchAnnotations(6);
        annotations.DuplicateOf[4] = 1;

        _face.Hub.PublishBatch(batch, annotations);

        var first = JsonNode.Parse(await ReadLineAsync(reader, "data: "))!;
        var second = JsonNode.Parse(await ReadLineAsync(reader, "data: "))!;
        Assert.Equal(("log.error", "timeout 1"), ((string?)first["type"], (string?)first["message"]));
        Assert.Equal("a timeout 6", (string?)second["message"]);
    }

    [Fact]
    public async Task AReaderThatComesBackGetsTheDerivedEventsItMissedOnce()
    {
        _face.State.Add(HttpFace.Derived("d1", "log.anomaly", 10));
        _face.State.Add(HttpFace.Derived("d2", "log.anomaly", 20));
        _face.State.Add(HttpFace.Derived("d3", "log.anomaly", 5));

        using var reader = await OpenAsync("", lastEventId: "d1");
        Assert.Equal("d2", await ReadLineAsync(reader, "id: "));
        Assert.Equal("d3", await ReadLineAsync(reader, "id: "));
        _face.Hub.Publish(HttpFace.Derived("d3", "log.anomaly", 5));
        _face.Hub.Publish(HttpFace.Derived("d4", "log.anomaly", 30));

        Assert.Equal("d4", await ReadLineAsync(reader, "id: "));
    }

    [Fact]
    public async Task AnIdleStreamSendsAHeartbeat()
    {
        using var reader = await OpenAsync("");
        var beat = ReadLineAsync(reader, ": alive");
        while (!beat.IsCompleted)
        {
            _face.Clock.Advance(TimeSpan.FromSeconds(15));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Equal("", await beat);
    }

    [Fact]
    public async Task NobodyListeningMeansNoRecordIsWanted()
    {
        Assert.False(_face.Hub.WantsRecords);
        using (await OpenAsync("?type=log.error"))
        {
            Assert.True(_face.Hub.WantsRecords);
        }

        while (_face.Hub.WantsRecords)
        {
            // A server sees that a reader left when it writes.
            _face.Hub.PublishBatch(Batch("{\"message\":\"x\",\"level\":\"error\"}"), new BatchAnnotations(1));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void ASlowReaderLosesEventsAndTheLossIsCounted()
    {
        using var slow = _face.Hub.Subscribe(new Culprit.Server.Querying.EventFilter())!;
        var batch = Batch("{\"message\":\"x\"}");

        for (var i = 0; i < Culprit.Server.Querying.Subscription.Capacity + 7; i++)
        {
            _face.Hub.PublishBatch(batch, new BatchAnnotations(1));
        }

        Assert.Equal(7, slow.TakeDropped());
        Assert.Equal(0, slow.TakeDropped());
    }

    [Fact]
    public async Task ABadFilterIsRefused()
    {
        var answer = await _face.GetAsync("/events/stream?limit=5");

        Assert.Equal((400, "bad_parameter"), (answer.Status, answer.Code));
    }

    private static RecordBatch Batch(string body)
    {
        var writer = new RecordBatchWriter();
        new BatchJsonParser().Parse(Encoding.UTF8.GetBytes(body), false, writer, UnixNanos.From(HttpFace.Now), null, new BatchParse());
        return writer.ToBatch(UnixNanos.From(HttpFace.Now), 1);
    }

    private async Task<StreamReader> OpenAsync(string query, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/events/stream" + query);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await _face.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await ReadLineAsync(reader, ": connected");
        return reader;
    }

    private static async Task<string> ReadLineAsync(StreamReader reader, string start)
    {
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line[start.Length..];
            }
        }

        throw new EndOfStreamException(start);
    }
}
