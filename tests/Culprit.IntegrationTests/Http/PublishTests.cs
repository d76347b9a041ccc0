using System.IO.Compression;
using System.Text;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Ingestion;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class PublishTests : IAsyncLifetime
{
    private const string InfoCurl = """
        {
            "type": "log.entry",
            "source": "fluentd:api-gateway-prod",
            "service": "api-gateway",
            "environment": "production",
            "level": "info",
            "message": "Request processed successfully"
          }
        """;

    private const string ErrorCurl = """
        {
            "type": "log.entry",
            "source": "fluentd:user-service-prod",
            "service": "user-service",
            "environment": "production",
            "level": "error",
            "message": "Database connection timeout",
            "context": {"error_type": "ConnectionError"}
          }
        """;

    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData(InfoCurl, "info")]
    [InlineData(ErrorCurl, "error")]
    public async Task TheDocumentedRequestsArePublishedAndReadBackById(string body, string level)
    {
        var answer = await _face.PostAsync(body);
        var read = await _face.GetAsync("/events/" + (string?)answer.Json["id"]);

        Assert.Equal(201, answer.Status);
        Assert.Equal("published", (string?)answer.Json["status"]);
        Assert.Equal(200, read.Status);
        Assert.Equal("log.entry", (string?)read.Json["type"]);
        Assert.Equal(level, (string?)read.Json["level"]);
        Assert.Equal("production", (string?)read.Json["environment"]);
        Assert.StartsWith("fluentd:", (string?)read.Json["source"], StringComparison.Ordinal);
        Assert.Equal("2026-11-23T05:00:00.000Z", (string?)read.Json["timestamp"]);
    }

    [Theory]
    [InlineData("[{\"message\":\"a\"},{\"message\":\"b\"}]", "application/json")]
    [InlineData("{\"message\":\"a\"}\n\n{\"message\":\"b\"}\n", "application/x-ndjson")]
    [InlineData("{\"message\":\"a\"}\n{\"message\":\"b\"}", "application/json; charset=utf-8")]
    [InlineData("{\"message\":\"a\"}{\"message\":\"b\"}", "text/json")]
    [InlineData("{\"message\":\"a\"}{\"message\":\"b\"}", null)]
    public async Task ManyEventsAreCounted(string body, string? type)
    {
        var answer = await _face.PostAsync(body, type);

        Assert.Equal(200, answer.Status);
        Assert.Equal("{\"accepted\":2,\"duplicates\":0,\"rejected\":[]}", answer.Text);
        Assert.Equal(2, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, _face.Journal.Appends);
    }

    [Theory]
    [InlineData("[{\"message\":\"a\"}]", "application/json")]
    [InlineData("{\"message\":\"a\"}", "application/x-ndjson")]
    public async Task OneEventInABatchFormIsAnsweredAsABatch(string body, string type)
    {
        var answer = await _face.PostAsync(body, type);

        Assert.Equal("{\"accepted\":1,\"duplicates\":0,\"rejected\":[]}", answer.Text);
    }

    [Theory]
    [InlineData("[]", "application/json")]
    [InlineData("\n\n", "application/x-ndjson")]
    public async Task NoEventIsNoError(string body, string type)
    {
        var answer = await _face.PostAsync(body, type);

        Assert.Equal(200, answer.Status);
        Assert.Equal("{\"accepted\":0,\"duplicates\":0,\"rejected\":[]}", answer.Text);
    }

    [Fact]
    public async Task BadEventsAreRefusedByIndexAndTheOthersAreTaken()
    {
        var answer = await _face.PostAsync(
            "{\"message\":\"a\"}\n{oops}\n{\"message\":\"b\",\"service\":\"a b\"}\n{\"message\":\"c\"}", "application/x-ndjson");

        Assert.Equal(200, answer.Status);
        Assert.Equal(2, (int?)answer.Json["accepted"]);
        Assert.Equal([(1, "bad_json"), (2, "bad_service_name")],
            answer.Json["rejected"]!.AsArray().Select(r => ((int)r!["index"]!, (string)r["code"]!)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("zstd")]
    [InlineData("identity")]
    public async Task AnEncodedBodyIsInflated(string encoding)
    {
        var lines = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{{\"message\":\"number {i} of many\"}}\n"));

        var answer = await _face.PostAsync(Compress(Encoding.UTF8.GetBytes(lines), encoding), "application/x-ndjson", encoding.Replace("raw ", "", StringComparison.Ordinal));

        Assert.Equal(200, answer.Status);
        Assert.Equal(2000, (int?)answer.Json["accepted"]);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public async Task ABombIsRefused(string encoding)
    {
        var bomb = Compress(new byte[20 * 1024 * 1024], encoding);

        var answer = await _face.PostAsync(bomb, "application/json", encoding);

        Assert.Equal(413, answer.Status);
        Assert.Equal("body_too_large", answer.Code);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public async Task ACutOrDamagedStreamIsRefused(string encoding)
    {
        var random = new byte[4096];
        new Random(1).NextBytes(random);
        var whole = Compress(Encoding.UTF8.GetBytes($"{{\"message\":\"{Convert.ToHexString(random)}\"}}"), encoding);

        var cut = await _face.PostAsync(whole[..(whole.Length / 2)], "application/json", encoding);
        var damaged = await _face.PostAsync("this is not compressed at all", "application/json", encoding);

        Assert.Equal((400, "corrupt_encoding"), (cut.Status, cut.Code));
        Assert.Equal((400, "corrupt_encoding"), (damaged.Status, damaged.Code));
    }

    [Fact]
    public async Task AZstdFrameThatWantsAHugeWindowIsRefused()
    {
        // Magic, a frame header without content size, window descriptor 2^30, one empty last block.
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 20 << 3, 0x01, 0x00, 0x00];

        var answer = await _face.PostAsync(frame, "application/json", "zstd");

        Assert.Equal((400, "corrupt_encoding"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task ARepeatedIdIsCountedOnce()
    {
        var first = await _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}");
        var again = await _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}");
        var batch = await _face.PostAsync("[{\"id\":\"e1\",\"message\":\"a\"},{\"id\":\"e2\",\"message\":\"a\"},{\"id\":\"e2\",\"message\":\"a\"}]");

        Assert.Equal((201, "{\"id\":\"e1\",\"status\":\"published\"}"), (first.Status, first.Text));
        Assert.Equal((201, "{\"id\":\"e1\",\"status\":\"published\",\"duplicate\":true}"), (again.Status, again.Text));
        Assert.Equal("{\"accepted\":1,\"duplicates\":2,\"rejected\":[]}", batch.Text);
        Assert.Equal(2, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AnIdIsRememberedForTenMinutesAndNotForEver()
    {
        await _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}");

        _face.Clock.Advance(TimeSpan.FromMinutes(9.9));
        var early = await _face.PostAsync("[{\"id\":\"e1\",\"message\":\"a\"}]");
        _face.Clock.Advance(TimeSpan.FromMinutes(14));
        var late = await _face.PostAsync("[{\"id\":\"e1\",\"message\":\"a\"}]");

        Assert.Equal(1, (int?)early.Json["duplicates"]);
        Assert.Equal(1, (int?)late.Json["accepted"]);
    }

    [Fact]
    public async Task AnIdOfARefusedBatchIsNotRemembered()
    {
        _face.Journal.Refusal = "the disk is full";
        var refused = await _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}", key: "k");
        _face.Journal.Refusal = null;
        var accepted = await _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}", key: "k");

        Assert.Equal((503, "overloaded"), (refused.Status, refused.Code));
        Assert.Equal("7", refused.Headers.GetValues("Retry-After").Single());
        Assert.Equal("{\"id\":\"e1\",\"status\":\"published\"}", accepted.Text);
    }

    [Fact]
    public async Task AnIdInFlightIsDecidedByTheOutcomeOfTheFirst()
    {
        var gate = new TaskCompletionSource();
        _face.Journal.Gate = gate.Task;
        _face.Journal.Refusal = "the disk is full";
        var first = _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}");
        await UntilAsync(() => _face.Journal.Appends == 1);
        var second = _face.PostAsync("{\"id\":\"e1\",\"message\":\"a\"}");
        _face.Journal.Refusal = null;
        Assert.False(second.IsCompleted);
        gate.SetResult();

        Assert.Equal(503, (await first).Status);
        Assert.Equal("{\"id\":\"e1\",\"status\":\"published\"}", (await second).Text);
        Assert.Equal(1, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AnIdempotencyKeyGivesTheSameAnswerAgainAndRefusesAnotherBody()
    {
        var first = await _face.PostAsync("{\"message\":\"a\"}", key: "k1");
        var again = await _face.PostAsync("{\"message\":\"a\"}", key: "k1");
        var other = await _face.PostAsync("{\"message\":\"b\"}", key: "k1");
        var otherKey = await _face.PostAsync("{\"message\":\"a\"}", key: "k2");
        _face.Clock.Advance(TimeSpan.FromHours(24.1));
        var nextDay = await _face.PostAsync("{\"message\":\"b\"}", key: "k1");

        Assert.Equal((201, first.Text), (again.Status, again.Text));
        Assert.Equal((422, "idempotency_key_reused"), (other.Status, other.Code));
        Assert.NotEqual(first.Text, otherKey.Text);
        Assert.Equal(201, nextDay.Status);
        Assert.Equal(3, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RequestsWithOneIdempotencyKeyAtOnceAreCountedOnce()
    {
        var gate = new TaskCompletionSource();
        _face.Journal.Gate = gate.Task;
        var posts = Enumerable.Range(0, 8).Select(_ => _face.PostAsync("{\"message\":\"a\"}", key: "k")).ToList();
        await UntilAsync(() => _face.Journal.Appends == 1);
        gate.SetResult();
        var answers = await Task.WhenAll(posts);

        Assert.Single(answers.Select(a => a.Text).Distinct());
        Assert.Equal(1, await _face.Records.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void IdsAreLearntAgainFromDurableBatches()
    {
        var ids = new RecentIds(_face.Clock);
        var writer = new Culprit.Engine.Records.RecordBatchWriter();
        var parse = new Culprit.Engine.Ingestion.BatchParse();
        new Culprit.Engine.Ingestion.BatchJsonParser().Parse("{\"message\":\"a\",\"id\":\"e1\"}"u8, false, writer, 0, null, parse);

        ids.Remember(writer.ToBatch(0));

        Assert.True(ids.Begin().IsRepeat("e1"u8));
        Assert.False(ids.Begin().IsRepeat("e2"u8));
    }

    internal static byte[] Compress(byte[] plain, string encoding)
    {
        if (encoding == "identity")
        {
            return plain;
        }

        using var output = new MemoryStream();
        using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(output, CompressionLevel.Optimal, leaveOpen: true),
            "raw deflate" => new DeflateStream(output, CompressionLevel.Optimal, leaveOpen: true),
            "zstd" => new ZstdSharp.CompressionStream(output, leaveOpen: true),
            _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
        })
        {
            stream.Write(plain);
        }

        return output.ToArray();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task WhileTheJournalFillsUpRequestsThatCanWaitAreRefusedFirst()
    {
        await using var face = await HttpFace.StartAsync();
        face.Journal.Fill = 0.85;

        using var patient = new HttpRequestMessage(HttpMethod.Post, "/events") { Content = new StringContent("""{"service":"a","message":"m"}""") };
        patient.Content.Headers.ContentType = new("application/json");
        patient.Headers.Add("Priority", "u=5");
        using var refused = await face.Client.SendAsync(patient, TestContext.Current.CancellationToken);
        using var urgent = new StringContent("""{"service":"a","message":"m"}""", System.Text.Encoding.UTF8, "application/json");
        using var taken = await face.Client.PostAsync(new Uri("/events", UriKind.Relative), urgent, TestContext.Current.CancellationToken);

        Assert.Equal(503, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(201, (int)taken.StatusCode);
    }
}
