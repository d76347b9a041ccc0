using System.Net.Http.Headers;
using System.Text;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Shippers;

public sealed class ElasticsearchTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    /// <summary>What Beats, Logstash, Fluent Bit, Vector and the official clients ask before they send.</summary>
    [Theory]
    [InlineData("GET", "/", "\"number\":\"9.9.0\"")]
    [InlineData("HEAD", "/", "")]
    [InlineData("GET", "/elasticsearch/", "You Know, for Search")]
    [InlineData("HEAD", "/elasticsearch", "")]
    [InlineData("GET", "/_license?human=false", "\"status\":\"active\"")]
    [InlineData("GET", "/_xpack", "\"ilm\":{\"available\":true,\"enabled\":true}")]
    [InlineData("GET", "/_ilm/policy/filebeat", "{}")]
    [InlineData("PUT", "/_ilm/policy/filebeat", "\"acknowledged\":true")]
    [InlineData("HEAD", "/_index_template/filebeat-8.15.0", "")]
    [InlineData("PUT", "/_index_template/filebeat-8.15.0", "\"acknowledged\":true")]
    [InlineData("HEAD", "/_template/logstash", "")]
    [InlineData("PUT", "/_component_template/x", "\"acknowledged\":true")]
    [InlineData("PUT", "/_ingest/pipeline/x/y", "\"acknowledged\":true")]
    [InlineData("GET", "/_data_stream/filebeat-8.15.0", "{}")]
    [InlineData("HEAD", "/_alias/filebeat", "")]
    [InlineData("GET", "/_nodes/http", "\"nodes\":{}")]
    [InlineData("GET", "/_cluster/health", "\"status\":\"green\"")]
    [InlineData("GET", "/_cat/indices", "{}")]
    [InlineData("HEAD", "/logstash-2026", "")]
    [InlineData("PUT", "/%3Cfilebeat-%7Bnow%2Fd%7D-000001%3E", "\"acknowledged\":true")]
    public async Task TheHandshakeIsAnswered(string method, string path, string part)
    {
        foreach (var prefix in path.StartsWith("/elasticsearch", StringComparison.Ordinal) || path == "/" ? new[] { "" } : ["", "/elasticsearch"])
        {
            var answer = await _face.SendAsync(new HttpRequestMessage(new HttpMethod(method), prefix + path));

            Assert.True(answer.Status == 200, $"{method} {prefix}{path}: {answer.Status} {answer.Text}");
            Assert.Equal("Elasticsearch", answer.Headers.GetValues("X-Elastic-Product").Single());
            Assert.Equal("application/json", answer.ContentType);
            Assert.Contains(part, answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task NewerClientsGetTheirOwnMediaType()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.elasticsearch+json; compatible-with=9");

        Assert.Equal("application/vnd.elasticsearch+json", (await _face.SendAsync(request)).ContentType);
    }

    [Fact]
    public async Task TheRootStillListsTheEntryPoints()
    {
        var root = (await _face.GetAsync("/")).Json;

        Assert.Equal("culprit", (string?)root["name"]);
        Assert.Equal("POST /events", (string?)root["endpoints"]!["publish"]);
    }

    [Theory]
    [InlineData("/_bulk")]
    [InlineData("/logs-app/_bulk")]
    [InlineData("/elasticsearch/_bulk?pipeline=x&refresh=true&timeout=1m")]
    public async Task ItemsAreAnsweredInOrder(string path)
    {
        var answer = await BulkAsync(
            path,
            "{\"create\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"message\":\"one\",\"@timestamp\":\"2026-11-23T04:59:00Z\"}\n"
            + "{\"index\":{}}\n{\"message\":\"two\",\"log\":{\"level\":\"error\"}}\n{\"create\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"message\":\"one\"}\n");

        Assert.Equal(200, answer.Status);
        var items = answer.Json["items"]!.AsArray();
        Assert.Equal(3, items.Count);
        Assert.Equal(("a", "1", 201), ((string?)items[0]!["create"]!["_index"], (string?)items[0]!["create"]!["_id"], (int?)items[0]!["create"]!["status"]));
        Assert.Equal(path.Contains("logs-app", StringComparison.Ordinal) ? "logs-app" : "culprit", (string?)items[1]!["index"]!["_index"]);
        Assert.Equal(409, (int?)items[2]!["create"]!["status"]);
        Assert.NotEmpty((string)items[2]!["create"]!["error"]!["type"]!);
        Assert.NotEmpty((string)items[2]!["create"]!["error"]!["reason"]!);

        var stored = await _face.GetAsync("/events/" + (string?)items[1]!["index"]!["_id"]);
        Assert.Equal(("two", "error"), ((string?)stored.Json["message"], (string?)stored.Json["level"]));
        Assert.Equal(2, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ASuccessHasTheBytesThatFluentBitLooksFor()
    {
        var answer = await BulkAsync("/_bulk", "{\"create\":{}}\n{\"message\":\"x\"}\n");

        Assert.Contains("\"errors\":false,\"items\":[", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABodyThatComesAgainCountsOnce()
    {
        const string body = "{\"create\":{}}\n{\"message\":\"x\",\"@timestamp\":\"2026-11-23T04:59:00Z\"}\n";
        const string undated = "{\"create\":{}}\n{\"message\":\"y\"}\n";

        foreach (var sent in new[] { body, body, undated, undated })
        {
            var answer = await BulkAsync("/_bulk", sent);
            Assert.Equal((200, 201), (answer.Status, (int?)answer.Json["items"]![0]!["create"]!["status"]));
        }

        Assert.Equal(3, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("errors,items.*.error,items.*.status", "{\"errors\":false,\"items\":[{\"create\":{\"status\":201}}]}")]
    [InlineData("errors", "{\"errors\":false}")]
    public async Task FilterPathLeavesOutWhatIsNotAskedFor(string filter, string expected) =>
        Assert.Equal(expected, (await BulkAsync("/_bulk?filter_path=" + Uri.EscapeDataString(filter), "{\"create\":{}}\n{\"message\":\"x\"}\n")).Text);

    private Task<Answer> BulkAsync(string path, string body)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-ndjson");
        return _face.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }
}
