using System.Net.Sockets;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Culprit.IntegrationTests.Http;

/// <summary>Every kind of bad input on POST /events and its answer.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    public static TheoryData<string, string, string?, string?, int, string> Table()
    {
        const string json = "application/json";
        var deep = string.Concat(Enumerable.Repeat("[", 40)) + string.Concat(Enumerable.Repeat("]", 40));
        var table = new TheoryData<string, string, string?, string?, int, string>();

        void Row(string what, string body, int status, string code, string? type = json, string? encoding = null) =>
            table.Add(what, body, type, encoding, status, code);

        Row("wrong media type", "{\"message\":\"a\"}", 415, "unsupported_media_type", "text/plain");
        Row("form", "message=a", 415, "unsupported_media_type", "application/x-www-form-urlencoded");
        Row("another charset", "{\"message\":\"a\"}", 415, "unsupported_media_type", "application/json; charset=utf-16");
        Row("unknown encoding", "{\"message\":\"a\"}", 415, "unsupported_encoding", json, "lzma");
        Row("brotli", "{\"message\":\"a\"}", 415, "unsupported_encoding", json, "br");
        Row("stacked encodings", "{\"message\":\"a\"}", 415, "unsupported_encoding", json, "gzip, gzip");
        Row("corrupt compression", "{\"message\":\"a\"}", 400, "corrupt_encoding", json, "gzip");
        Row("bad JSON", "{\"message\":", 400, "bad_json");
        Row("bad JSON in an array", "[{\"message\":\"a\"},{]", 400, "bad_json");
        Row("not an object", "5", 400, "not_an_object");
        Row("depth", "{\"message\":\"a\",\"context\":" + deep + "}", 400, "too_deep");
        Row("duplicate keys", "{\"message\":\"a\",\"message\":\"b\"}", 400, "duplicate_key");
        Row("half a surrogate pair", "{\"message\":\"\\ud800\"}", 400, "bad_utf8");
        Row("empty body", "", 400, "empty_body");
        Row("one event too large", "{\"message\":\"" + new string('a', 1_100_000) + "\"}", 413, "event_too_large");
        Row("too many events", string.Concat(Enumerable.Repeat("{\"message\":\"\"}\n", 50_001)), 413, "too_many_events");
        Row("wrong field type", "{\"message\":5}", 422, "wrong_type");
        Row("number out of range", "{\"type\":\"metric.value\",\"metric_name\":\"m\",\"value\":1e999}", 422, "out_of_range");
        Row("all bad", "[{},{}]", 422, "not_an_event");
        Row("all lines bad", "{oops}\n{oops}", 422, "bad_json", "application/x-ndjson");
        Row("bad service name", "{\"message\":\"a\",\"service\":\"\\u0007\"}", 422, "bad_service_name");
        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public async Task BadInputHasItsStatusAndAProblemBody(
        string what, string body, string? type, string? encoding, int status, string code)
    {
        var answer = await _face.PostAsync(body, type, encoding);

        Assert.True(answer.Status == status, $"{what}: {answer.Status} {answer.Text}");
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal(code, answer.Code);
        Assert.Equal(status, (int?)answer.Json["status"]);
        Assert.Equal("/events", (string?)answer.Json["instance"]);
        Assert.NotEmpty((string)answer.Json["title"]!);
        Assert.NotEmpty((string)answer.Json["detail"]!);
        Assert.NotNull(answer.Json["errors"]);
        Assert.Equal(0, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task InvalidUtf8IsRefused()
    {
        var answer = await _face.PostAsync([.. "{\"message\":\""u8, 0xFF, .. "\"}"u8]);

        Assert.Equal((400, "bad_utf8"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task ABrokenArrayNamesTheByte()
    {
        var answer = await _face.PostAsync("[{\"message\":\"a\"},{]");

        Assert.Equal(18, (int?)answer.Json["offset"]);
        Assert.Equal(1, (int?)answer.Json["errors"]![0]!["index"]);
    }

    [Fact]
    public async Task OverTheSizeLimitIsRefused()
    {
        var answer = await SpeakAsync("POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108865\r\n\r\n{");

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AbsurdTimesAndTooManyFieldsAreKeptAndFlagged()
    {
        var fields = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"k{i}\":{i}"));

        var answer = await _face.PostAsync($"{{\"message\":\"a\",\"timestamp\":\"1754-08-30T22:43:41Z\",\"context\":{{{fields}}}}}");
        var read = await _face.GetAsync("/events/" + (string?)answer.Json["id"]);

        Assert.Equal(201, answer.Status);
        Assert.Equal(["time_suspect", "truncated"], read.Json["flags"]!.AsArray().Select(f => (string)f!));
        Assert.Equal(256, read.Json["context"]!.AsObject().Count);
    }

    [Fact]
    public async Task ABodyThatTricklesIsGivenUp()
    {
        var answer = await SpeakAsync("POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"me");

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 4")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n", "HTTP/1.1 400 ")]
    [InlineData("Transfer-Encoding: gzip, chunked, identity\r\n", "HTTP/1.1 400 ")]
    public async Task AmbiguousFramingNeverReachesTheJournal(string headers, string expected)
    {
        var answer = await SpeakAsync(
            "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers + "\r\n{\"me\r\nxx\r\n");

        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        Assert.Equal(0, _face.Journal.Appends);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    public async Task WhenAllBodiesTogetherTakeTooMuchMemoryTheSenderIsPutOff(string? encoding)
    {
        var budget = new BodyBudget(20_000);
        await using var small = await HttpFace.StartAsync(services => services.AddSingleton(budget));
        var body = Encoding.UTF8.GetBytes("{\"message\":\"" + new string('a', 50_000) + "\"}");

        var refused = await small.PostAsync(encoding is null ? body : PublishTests.Compress(body, encoding), encoding: encoding);
        var next = await small.PostAsync("{\"message\":\"a\"}");

        Assert.Equal((503, "busy"), (refused.Status, refused.Code));
        Assert.InRange(int.Parse(refused.Headers.GetValues("Retry-After").Single(), System.Globalization.CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal(201, next.Status);
        Assert.Equal(0, budget.Taken);
    }

    [Fact]
    public async Task HugeHeadersAreRefused()
    {
        var answer = await SpeakAsync($"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: {new string('a', 40_000)}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/nothing/here", 404, "not_found")]
    [InlineData("GET", "/events/nobody", 404, "not_found")]
    [InlineData("GET", "/events/nobody/chain", 404, "not_found")]
    [InlineData("GET", "/incidents/nobody", 404, "not_found")]
    [InlineData("DELETE", "/events", 405, "method_not_allowed")]
    [InlineData("PUT", "/health", 405, "method_not_allowed")]
    public async Task UnknownRoutesAndMethodsAreProblemsToo(string method, string path, int status, string code)
    {
        var answer = await _face.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal((status, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task ABugShowsATraceIdAndNothingElse()
    {
        _face.Records.Failure = new InvalidOperationException("secret table name");

        var answer = await _face.GetAsync("/events");

        Assert.Equal((500, "internal_error"), (answer.Status, answer.Code));
        Assert.NotEmpty((string)answer.Json["trace_id"]!);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", null, "GET", "/events", 403)]
    [InlineData("evil.example", null, "POST", "/events", 403)]
    [InlineData("localhost", "http://evil.example", "POST", "/events", 403)]
    [InlineData("localhost", "null", "POST", "/events", 403)]
    [InlineData("localhost", "http://evil.example", "GET", "/events/stream", 403)]
    [InlineData("localhost", "http://evil.example", "GET", "/events", 200)]
    [InlineData("localhost", "http://localhost", "POST", "/events", 201)]
    [InlineData("[::1]", null, "GET", "/events", 200)]
    [InlineData("127.0.0.1", null, "POST", "/events", 201)]
    public async Task ForeignHostsAndOriginsAreKeptOut(string host, string? origin, string method, string path, int status)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Host = host;
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        if (method == "POST")
        {
            request.Content = new StringContent("{\"message\":\"a\"}", Encoding.UTF8, "application/json");
        }

        var answer = await _face.SendAsync(request);

        Assert.Equal(status, answer.Status);
    }

    /// <summary>Says something over a plain socket and returns what comes back before the server closes or has answered.</summary>
    private async Task<string> SpeakAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_face.Address.Host, _face.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)
                && await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
            {
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (IOException) when (answer.Length > 0)
        {
            // The server closed at once after its answer.
        }

        return answer.ToString();
    }
}
