using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.IntegrationTests.Http;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>OTLP over HTTP: what is answered to what.</summary>
public sealed class OtlpHttpTests : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string Protobuf = "application/x-protobuf";

    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("/v1/logs", "{\"resourceLogs\":[]}")]
    [InlineData("/v1/traces", "{}")]
    [InlineData("/v1/metrics", "{}")]
    [InlineData("/v1/logs", "")]
    public async Task ARequestWithoutRecordsSucceeds(string path, string body)
    {
        var json = await PostAsync(path, Encoding.UTF8.GetBytes(body), Json);
        var protobuf = await PostAsync(path, [], Protobuf);

        Assert.Equal((200, "{}", Json), (json.Status, json.Text, json.ContentType));
        Assert.Equal((200, "", Protobuf), (protobuf.Status, protobuf.Text, protobuf.ContentType));
    }

    [Fact]
    public async Task WhatIsRefusedIsCountedAndTheRestIsStored()
    {
        const string Body = """
            {"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"x"},{"timeUnixNano":"1795409990000000000","body":{"stringValue":"kept"}}]}]}]}
            """;

        var answer = await PostAsync("/v1/logs", Encoding.UTF8.GetBytes(Body), Json);

        Assert.Equal(200, answer.Status);
        Assert.Equal("1", (string?)answer.Json["partialSuccess"]!["rejectedLogRecords"]);
        Assert.Contains("timeUnixNano", (string?)answer.Json["partialSuccess"]!["errorMessage"], StringComparison.Ordinal);
        Assert.Equal("kept", (string?)Assert.Single(await _face.GetAllAsync("type=log.entry"))["message"]);
    }

    [Theory]
    [InlineData("/v1/traces", "rejectedSpans", "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"a\"}]}]}]}")]
    [InlineData("/v1/metrics", "rejectedDataPoints", "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"a\",\"gauge\":{\"dataPoints\":[{}]}}]}]}]}")]
    public async Task EachSignalNamesWhatWasRefused(string path, string member, string body)
    {
        var answer = await PostAsync(path, Encoding.UTF8.GetBytes(body), Json);

        Assert.Equal(200, answer.Status);
        Assert.Equal("1", (string?)answer.Json["partialSuccess"]![member]);
    }

    public static TheoryData<string, byte[], string?, string?, int, int> BadInput()
    {
        var table = new TheoryData<string, byte[], string?, string?, int, int>();
        var deep = "{\"resourceLogs\":" + new string('[', 300) + new string(']', 300) + "}";
        var bomb = PublishTests.Compress(new byte[20_000_000], "gzip");

        void Row(string what, byte[] body, string? type, int status, int code, string? encoding = null) => table.Add(what, body, type, encoding, status, code);

        Row("wrong media type", "{}"u8.ToArray(), "text/plain", 415, 12);
        Row("no media type", "{}"u8.ToArray(), null, 415, 12);
        Row("brotli", "{}"u8.ToArray(), Json, 415, 12, "br");
        Row("stacked encodings", "{}"u8.ToArray(), Json, 415, 12, "gzip, gzip");
        Row("corrupt compression", "{}"u8.ToArray(), Json, 400, 3, "gzip");
        Row("bomb", bomb, Protobuf, 413, 8, "gzip");
        Row("bad JSON", "{\"resourceLogs\":["u8.ToArray(), Json, 400, 3);
        Row("bad UTF-8", [.. "{\"a\":\""u8, 0xFF, .. "\"}"u8], Json, 400, 3);
        Row("depth", Encoding.UTF8.GetBytes(deep), Json, 400, 3);
        Row("duplicate keys", "{\"resourceLogs\":[],\"resourceLogs\":[]}"u8.ToArray(), Json, 400, 3);
        Row("bad protobuf", [0x0A, 0xFF, 0x01], Protobuf, 400, 3);
        Row("JSON announced as protobuf", "{}"u8.ToArray(), Protobuf, 400, 3);
        return table;
    }

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task BadInputIsAnsweredWithAStatusOfItsOwnType(string what, byte[] body, string? type, string? encoding, int status, int code)
    {
        var answer = await PostAsync("/v1/logs", body, type, encoding);

        Assert.True(answer.Status == status, $"{what}: {answer.Status} {answer.Text}");
        Assert.Equal(type == Protobuf ? Protobuf : Json, answer.ContentType);
        if (type != Protobuf)
        {
            Assert.Equal(code, (int?)answer.Json["code"]);
            Assert.NotEmpty((string)answer.Json["message"]!);
        }

        Assert.Equal(0, _face.Journal.Appends);
    }

    [Fact]
    public async Task TooManyRecordsAreTooLarge()
    {
        var body = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" + string.Join(',', Enumerable.Repeat("{}", 50_001)) + "]}]}]}";

        Assert.Equal(413, (await PostAsync("/v1/logs", Encoding.UTF8.GetBytes(body), Json)).Status);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Protobuf)]
    public async Task UnderPressureTheSenderIsToldWhenToComeBack(string type)
    {
        _face.Journal.Refusal = "The journal is full.";

        var answer = await PostAsync("/v1/logs", type == Json ? OtlpBodies.JsonLog("a") : OtlpBodies.Log("a"), type);

        Assert.Equal((503, type), (answer.Status, answer.ContentType));
        Assert.Equal("7", answer.Headers.GetValues("Retry-After").Single());
        if (type == Json)
        {
            Assert.Equal(14, (int?)answer.Json["code"]);
            Assert.Equal("7s", (string?)answer.Json["details"]![0]!["retryDelay"]);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData(null)]
    public async Task BothFormsMayBeCompressed(string? encoding)
    {
        foreach (var (body, type) in new[] { (OtlpBodies.Log("from protobuf"), Protobuf), (OtlpBodies.JsonLog("from JSON"), Json) })
        {
            Assert.Equal(200, (await PostAsync("/v1/logs", encoding is null ? body : PublishTests.Compress(body, encoding), type, encoding)).Status);
        }

        Assert.Equal(["from JSON", "from protobuf"], (await _face.GetAllAsync("type=log.entry")).Select(e => (string?)e["message"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AnEqualBodyIsAResendUnlessItsRecordsHaveNoTime()
    {
        for (var i = 0; i < 2; i++)
        {
            await PostAsync("/v1/logs", OtlpBodies.Log("dated"), Protobuf);
            await PostAsync("/v1/logs", OtlpBodies.Log("undated", 0), Protobuf);
        }

        Assert.Equal(
            ["dated", "undated", "undated"],
            (await _face.GetAllAsync("type=log.entry")).Select(e => (string?)e["message"]).Order(StringComparer.Ordinal));
    }

    private async Task<Answer> PostAsync(string path, byte[] body, string? type, string? encoding = null)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return await _face.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content });
    }
}
