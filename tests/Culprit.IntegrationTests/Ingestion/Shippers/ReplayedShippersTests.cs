using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Ingestion.Loki;
using Snappier;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

/// <summary>The requests of shippers that cannot be installed for a test, in their order and with their headers, a lost answer and a refusal among them.</summary>
public sealed class ReplayedShippersTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Fact]
    public async Task Filebeat()
    {
        const string bulk = "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status";
        var vendor = new[] { ("Accept", "application/vnd.elasticsearch+json; compatible-with=8") };
        const string batch =
            "{\"create\":{\"_index\":\"filebeat-8.15.0\"}}\n{\"@timestamp\":\"2026-11-23T04:59:30.001Z\",\"message\":\"ERROR one\",\"host\":{\"name\":\"w\"},\"log\":{\"file\":{\"path\":\"/a\"}}}\n"
            + "{\"create\":{\"_index\":\"filebeat-8.15.0\"}}\n{\"@timestamp\":\"2026-11-23T04:59:30.002Z\",\"message\":\"\\tat A.b()\",\"host\":{\"name\":\"w\"},\"log\":{\"file\":{\"path\":\"/a\"}}}\n";

        Assert.Equal(200, (await SendAsync("GET", "/", null, "", headers: vendor)).Status);
        Assert.Equal(200, (await SendAsync("GET", "/_license?human=false", null, "", headers: vendor)).Status);
        _face.Journal.Refusal = "full";
        Assert.Equal(503, (await SendAsync("POST", bulk, Gzip(batch), "application/vnd.elasticsearch+json; compatible-with=8", "gzip", vendor)).Status);
        _face.Journal.Refusal = null;
        for (var tries = 0; tries < 2; tries++)
        {
            var answer = await SendAsync("POST", bulk, Gzip(batch), "application/vnd.elasticsearch+json; compatible-with=8", "gzip", vendor);
            Assert.Equal("{\"errors\":false,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":201}}]}", answer.Text);
        }

        Assert.Equal(["one\n\tat A.b()"], await StoredAsync());
    }

    [Fact]
    public async Task FluentBitToElasticsearch()
    {
        const string chunk =
            "{\"create\":{\"_index\":\"fluent-bit\",\"_id\":\"a1\"}}\n{\"@timestamp\":\"2026-11-23T04:59:30.001Z\",\"log\":\"one\"}\n"
            + "{\"create\":{\"_index\":\"fluent-bit\",\"_id\":\"a2\"}}\n{\"@timestamp\":\"2026-11-23T04:59:30.002Z\",\"log\":\"two\"}\n";

        var first = await SendAsync("POST", "/_bulk", Encoding.UTF8.GetBytes(chunk), "application/x-ndjson");
        var again = await SendAsync("POST", "/_bulk", Encoding.UTF8.GetBytes(chunk.Replace("one", "one, packed anew", StringComparison.Ordinal)), "application/x-ndjson");

        Assert.Contains("\"errors\":false,\"items\":[", first.Text, StringComparison.Ordinal);
        Assert.All(again.Json["items"]!.AsArray(), item => Assert.Equal(409, (int?)item!["create"]!["status"]));
        Assert.Equal(["one", "two"], await StoredAsync());
    }

    [Fact]
    public async Task FluentBitOverHttp()
    {
        var lines = Gzip("{\"date\":1795409940.5,\"log\":\"one\"}\n{\"date\":1795409940.6,\"log\":\"two\"}\n");

        Assert.InRange((await SendAsync("POST", "/events", lines, "application/json", "gzip")).Status, 200, 205);
        Assert.InRange((await SendAsync("POST", "/events", "[{\"date\":1795409940.5,\"log\":\"three\"}]"u8.ToArray(), "application/json")).Status, 200, 205);
        Assert.InRange((await SendAsync("POST", "/events", "{\"date\":1.5,\"log\":\"four\"}{\"date\":2.5,\"log\":\"five\"}"u8.ToArray(), "application/json")).Status, 200, 205);
        Assert.Equal(["five", "four", "one", "three", "two"], await StoredAsync());
    }

    [Fact]
    public async Task FluentBitToLoki()
    {
        var push = "{\"streams\":[{\"stream\":{\"app\":\"shop\"},\"values\":[[\"1795409940000000000\",\"{\\\"log\\\":\\\"one\\\"}\"]]}]}"u8.ToArray();
        for (var tries = 0; tries < 2; tries++)
        {
            var answer = await SendAsync("POST", "/loki/api/v1/push", push, "application/json");
            Assert.Equal((204, ""), (answer.Status, answer.Text));
        }

        Assert.Equal(["one"], await StoredAsync());
    }

    [Fact]
    public async Task FluentdOverHttp()
    {
        var chunk = "{\"log\":\"one\",\"tag\":\"a\"}\n{\"message\":\"two\"}\n"u8.ToArray();

        _face.Journal.Refusal = "full";
        Assert.Equal(503, (await SendAsync("POST", "/events", chunk, "application/x-ndjson")).Status);
        _face.Journal.Refusal = null;
        Assert.Equal(200, (await SendAsync("POST", "/events", chunk, "application/x-ndjson")).Status);
        Assert.Equal(["one", "two"], await StoredAsync());
    }

    [Fact]
    public async Task VectorOverHttp()
    {
        Assert.Equal(200, (await SendAsync("HEAD", "/events", null, "")).Status);
        var event1 = "{\"host\":\"w\",\"message\":\"one\",\"source_type\":\"file\",\"timestamp\":\"2026-11-23T04:59:30.001Z\"}";
        Assert.InRange((await SendAsync("POST", "/events", Gzip(event1 + "\n"), "application/x-ndjson", "gzip")).Status, 200, 201);
        Assert.Equal(200, (await SendAsync("POST", "/events", Snappy.CompressToArray(Encoding.UTF8.GetBytes("[" + event1 + "]")), "application/json", "snappy")).Status);
        Assert.Equal(["one", "one"], await StoredAsync());
    }

    [Fact]
    public async Task VectorToElasticsearch()
    {
        Assert.Equal(200, (await SendAsync("GET", "/_cluster/health", null, "")).Status);
        var batch = Gzip("{\"create\":{\"_index\":\"logs-generic-default\"}}\n{\"@timestamp\":\"2026-11-23T04:59:30.001Z\",\"message\":\"one\",\"data_stream\":{\"type\":\"logs\"}}\n");

        var answer = await SendAsync("POST", "/_bulk", batch, "application/x-ndjson", "gzip");

        Assert.DoesNotContain("\"errors\":true", answer.Text, StringComparison.Ordinal);
        Assert.Equal(["one"], await StoredAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("snappy")]
    public async Task PromtailAndVectorToLoki(string? encoding)
    {
        Assert.Equal(200, (await SendAsync("GET", "/ready", null, "")).Status);
        var push = Snappy.CompressToArray(LokiPush.Request(LokiPush.Stream("{app=\"shop\"}", LokiPush.Entry(1_795_409_940_000_000_000, "one", ("trace_id", "t1")))));
        for (var tries = 0; tries < 2; tries++)
        {
            Assert.Equal(204, (await SendAsync("POST", "/loki/api/v1/push", push, "application/x-protobuf", encoding, ("X-Scope-OrgID", "tenant"))).Status);
        }

        Assert.Equal(["one"], await StoredAsync());
    }

    [Fact]
    public async Task VectorToSplunk()
    {
        Assert.Equal(200, (await SendAsync("GET", "/services/collector/health/1.0", null, "", headers: ("Authorization", "Splunk any"))).Status);
        var batch = Gzip("{\"event\":{\"message\":\"one\"},\"time\":1795409940.123,\"host\":\"w\",\"fields\":{}}{\"event\":{\"message\":\"two\"},\"time\":1795409940.124,\"host\":\"w\"}");
        for (var tries = 0; tries < 2; tries++)
        {
            var answer = await SendAsync("POST", "/services/collector/event", batch, "application/json", "gzip", ("X-Splunk-Request-Channel", "c"), ("Authorization", "Splunk any"));
            Assert.Equal(tries, (int?)answer.Json["ackId"]);
        }

        Assert.Equal(["one", "two"], await StoredAsync());
    }

    private async Task<IEnumerable<string>> StoredAsync() =>
        (await _face.GetAllAsync("type=log.entry&limit=10")).Select(e => (string)e["message"]!).Order(StringComparer.Ordinal);

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private Task<Answer> SendAsync(
        string method, string path, byte[]? body, string type, string? encoding = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            if (encoding is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
            }
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _face.SendAsync(request);
    }
}
