using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>Each protocol answers in its own words: to what is good, to every kind of bad input, and under pressure.</summary>
public sealed class ShipperAnswersTests : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string Lines = "application/x-ndjson";
    private const string Bulk = "{\"create\":{}}\n{\"message\":\"x\"}\n";
    private const string Push = "{\"streams\":[{\"stream\":{},\"values\":[[\"1795409940000000000\",\"x\"]]}]}";
    private const string Clef = "{\"@t\":\"2026-11-23T04:59:00Z\",\"@m\":\"x\"}\n";
    private const string Hec = "{\"event\":\"x\"}";
    private const string Gelf = "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"x\"}";

    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    public static TheoryData<string, string, string, int, string> Successes => new()
    {
        { "/_bulk", Lines, Bulk, 200, "\"errors\":false" },
        { "/_bulk", Lines, "{\"delete\":{\"_id\":\"1\"}}\n", 200, "\"items\":[{\"delete\"" },
        { "/_bulk", Lines, "\n\n", 200, "\"items\":[]" },
        { "/loki/api/v1/push", Json, Push, 204, "" },
        { "/api/prom/push", Json, Push, 204, "" },
        { "/loki/api/v1/push", Json, "{\"streams\":[]}", 204, "" },
        { "/ingest/clef", "application/vnd.serilog.clef", Clef, 201, "{}" },
        { "/api/events/raw?clef", Json, Clef, 201, "{}" },
        { "/api/events/raw", "application/vnd.serilog.clef", Clef, 201, "{}" },
        { "/services/collector", Json, Hec, 200, "{\"text\":\"Success\",\"code\":0}" },
        { "/services/collector/event/1.0", "text/plain", Hec + Hec, 200, "\"code\":0" },
        { "/services/collector/event?channel=c", Json, Hec, 200, "\"ackId\":0" },
        { "/services/collector/raw?channel=c&host=h", "text/plain", "a line", 200, "\"ackId\":0" },
        { "/services/collector/ack?channel=c", Json, "{\"acks\":[0,7]}", 200, "{\"acks\":{\"0\":true,\"7\":true}}" },
        { "/gelf", Json, Gelf, 202, "" },
        { "/events", Json, "[{\"date\":1795409940.5,\"log\":\"x\"}]", 200, "\"accepted\":1" },
    };

    [Theory]
    [MemberData(nameof(Successes))]
    public async Task WhatIsGoodIsAnsweredAsTheClientsExpect(string path, string type, string body, int status, string part)
    {
        var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body), type);

        Assert.True(answer.Status == status, $"{path}: {answer.Status} {answer.Text}");
        Assert.Contains(part, answer.Text, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string, string?, int> BadInput()
    {
        var table = new TheoryData<string, string, string, string?, int>();
        var deep = new string('[', 40) + new string(']', 40);
        foreach (var (path, type, good) in new[]
        {
            ("/_bulk", Lines, Bulk), ("/elasticsearch/_bulk", Lines, Bulk), ("/loki/api/v1/push", Json, Push), ("/ingest/clef", Json, Clef),
            ("/services/collector/event", Json, Hec), ("/gelf", Json, Gelf),
        })
        {
            table.Add(path, type, good, "br", 415);
            table.Add(path, type, good, "gzip, gzip", 415);
            table.Add(path, type, good, "lzma", 415);
            table.Add(path, type, good, "gzip", 400);
            table.Add(path, type, good, "zstd", 400);
            table.Add(path, type, good, "snappy", 400);
            table.Add(path, type, "", null, 400);
            table.Add(path, type, "{oops", null, 400);
            if (path != "/services/collector/event")
            {
                table.Add(path, "image/png", good, null, 415);
                table.Add(path, "application/json; charset=utf-16", good, null, 415);
            }
        }

        table.Add("/_bulk", Lines, "{\"message\":\"no action\"}\n", null, 400);
        table.Add("/_bulk", Lines, "{\"create\":{}}\n", null, 400);
        table.Add("/_bulk", Lines, string.Concat(Enumerable.Repeat("{\"index\":{}}\n{}\n", 50_001)), null, 413);
        table.Add("/loki/api/v1/push", "application/x-protobuf", "not snappy", null, 400);
        table.Add("/loki/api/v1/push", Json, "{\"streams\":[{\"stream\":{},\"values\":[[\"1\"," + deep + "]]}]}", null, 400);
        table.Add("/loki/api/v1/push", Json, "{\"streams\":[{\"stream\":{},\"values\":[[1]]}]}", null, 400);
        table.Add("/api/events/raw", Json, Clef, null, 415);
        table.Add("/services/collector/event", Json, "{\"time\":1}", null, 400);
        table.Add("/services/collector/raw", Json, "x", null, 400);
        var fat = "{\"a\":\"" + new string('v', 64 * 1024) + "\"}";
        table.Add("/loki/api/v1/push", Json, "{\"streams\":[{\"stream\":" + fat + ",\"values\":[" + string.Join(',', Enumerable.Range(1, 1200).Select(i => $"[\"{i}0000000000\",\"x\"]")) + "]}]}", null, 413);
        table.Add("/services/collector/ack?channel=c", Json, "[]", null, 400);
        table.Add("/events", "application/msgpack", "x", null, 415);
        return table;
    }

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task BadInputHasItsStatusAndTheProtocolsErrorForm(string path, string type, string body, string? encoding, int status)
    {
        var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body), type, encoding);

        Assert.True(answer.Status == status, $"{path} {encoding}: {answer.Status} {answer.Text}");
        AssertErrorForm(path, answer);
        Assert.Equal(0, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task WhatIsBadInsideAGoodBodyIsKeptRaw()
    {
        await SendAsync("/_bulk", "{\"create\":{}}\n{\"a\":\n{\"create\":{}}\n{\"message\":\"x\"}\n"u8.ToArray(), Lines);
        await SendAsync("/ingest/clef", Encoding.UTF8.GetBytes("{\"a\":\n" + Clef), Json);
        await SendAsync("/gelf", [.. "{\"host\":\"h\",\"short_message\":\"caf"u8, 0xE9, .. "\"}"u8], Json);

        var bodies = (await _face.GetAllAsync("limit=10")).Select(e => (string?)e["message"]).Order(StringComparer.Ordinal);

        Assert.Equal(["caf\uFFFD", "x", "x", "{\"a\":", "{\"a\":"], bodies);
    }

    [Theory]
    [InlineData("/_bulk", Lines, "gzip")]
    [InlineData("/loki/api/v1/push", Json, "gzip")]
    [InlineData("/loki/api/v1/push", "application/x-protobuf", "snappy")]
    [InlineData("/loki/api/v1/push", "application/x-protobuf", null)]
    [InlineData("/ingest/clef", Json, "gzip")]
    [InlineData("/services/collector/event", Json, "snappy")]
    [InlineData("/gelf", Json, "gzip")]
    public async Task ABombIsRefusedBeforeItGrows(string path, string type, string? encoding)
    {
        byte[] bomb;
        if (encoding == "gzip")
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            {
                gzip.Write(new byte[100 * 1024 * 1024]);
            }

            bomb = packed.ToArray();
        }
        else
        {
            // A header that promises 4 GiB, and one that promises 60 MiB from nothing.
            bomb = [0x80, 0x80, 0x80, 0x1E, 0, 0];
            var huge = await SendAsync(path, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0], type, encoding);
            Assert.InRange(huge.Status, 400, 413);
        }

        var answer = await SendAsync(path, bomb, type, encoding);

        Assert.Equal(413, answer.Status);
        AssertErrorForm(path, answer);
        Assert.Equal(0, _face.Services.GetRequiredService<BodyBudget>().Taken);
    }

    [Theory]
    [InlineData("/_bulk", Lines, Bulk)]
    [InlineData("/loki/api/v1/push", Json, Push)]
    [InlineData("/ingest/clef", Json, Clef)]
    [InlineData("/services/collector/event", Json, Hec)]
    [InlineData("/gelf", Json, Gelf)]
    [InlineData("/events", Json, "[{\"log\":\"x\"}]")]
    public async Task UnderPressureTheSenderIsAskedToComeAgain(string path, string type, string body)
    {
        _face.Journal.Refusal = "full";

        var answer = await SendAsync(path, Encoding.UTF8.GetBytes(body), type);

        Assert.Equal(503, answer.Status);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        AssertErrorForm(path, answer);

        _face.Journal.Refusal = null;
        Assert.InRange((await SendAsync(path, Encoding.UTF8.GetBytes(body), type)).Status, 200, 204);
        Assert.Equal(1, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("HEAD", "/events")]
    [InlineData("GET", "/ready")]
    [InlineData("GET", "/services/collector/health")]
    [InlineData("GET", "/services/collector/health/1.0")]
    public async Task HealthChecksOfShippersAreAnswered(string method, string path) =>
        Assert.Equal(200, (await _face.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).Status);

    [Theory]
    [InlineData("/loki/api/v1/push", Json, Push)]
    [InlineData("/ingest/clef", Json, Clef)]
    [InlineData("/services/collector/event", Json, "{\"time\":1795409940,\"event\":\"x\"}")]
    [InlineData("/gelf", Json, "{\"host\":\"h\",\"short_message\":\"x\",\"timestamp\":1795409940}")]
    public async Task AnEqualBodyOfDatedEntriesCountsOnce(string path, string type, string body)
    {
        var first = await SendAsync(path, Encoding.UTF8.GetBytes(body), type);
        var again = await SendAsync(path, Encoding.UTF8.GetBytes(body), type);

        Assert.Equal((first.Status, first.Text), (again.Status, again.Text));
        Assert.Equal(1, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    private static void AssertErrorForm(string path, Answer answer)
    {
        if (path.EndsWith("_bulk", StringComparison.Ordinal))
        {
            Assert.Equal(answer.Status, (int?)answer.Json["status"]);
            Assert.NotEmpty((string)answer.Json["error"]!["type"]!);
            Assert.NotEmpty((string)answer.Json["error"]!["reason"]!);
            Assert.Equal("Elasticsearch", answer.Headers.GetValues("X-Elastic-Product").Single());
        }
        else if (path.StartsWith("/services", StringComparison.Ordinal))
        {
            Assert.NotEmpty((string)answer.Json["text"]!);
            Assert.InRange((int)answer.Json["code"]!, 5, 13);
        }
        else if (path is "/ingest/clef" or "/api/events/raw")
        {
            Assert.NotEmpty((string)answer.Json["Error"]!);
        }
        else if (path == "/events")
        {
            Assert.Equal("application/problem+json", answer.ContentType);
        }
        else
        {
            Assert.Equal("text/plain", answer.ContentType);
            Assert.NotEmpty(answer.Text);
        }
    }

    private Task<Answer> SendAsync(string path, byte[] body, string type, string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return _face.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }
}
