using System.Globalization;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Support;
using Xunit;

namespace Culprit.IntegrationTests.Http;

public sealed class QueryTests : IAsyncLifetime
{
    private HttpFace _face = null!;

    public async ValueTask InitializeAsync() => _face = await HttpFace.StartAsync();

    public ValueTask DisposeAsync() => _face.DisposeAsync();

    [Theory]
    [InlineData("order=desc", 1)]
    [InlineData("order=asc", 3)]
    [InlineData("order=desc", 7)]
    [InlineData("type=log.entry,log.error,log.anomaly", 2)]
    [InlineData("type=log.entry&type=log.error&order=asc", 4)]
    public async Task PagingShowsEveryEventOnceInOrder(string query, int limit)
    {
        await FillAsync();

        var whole = (await _face.GetAllAsync(query + "&limit=1000")).Select(e => (string)e["id"]!).ToList();
        var paged = (await _face.GetAllAsync($"{query}&limit={limit}")).Select(e => (string)e["id"]!).ToList();

        Assert.Equal(whole, paged);
        Assert.Equal(whole.Count, whole.Distinct().Count());
        Assert.True(whole.Count >= 20);
    }

    [Fact]
    public async Task WithoutTypeThereAreRecordsAndDerivedEventsButNoErrorViews()
    {
        await FillAsync();

        var types = (await _face.GetAllAsync("limit=1000")).Select(e => (string)e["type"]!).Distinct().Order().ToList();

        Assert.Equal(["log.anomaly", "log.entry"], types);
    }

    [Fact]
    public async Task EventsAreNewestFirstByDefault()
    {
        await FillAsync();

        var times = (await _face.GetAllAsync("type=log.entry&limit=5"))
            .Select(e => DateTimeOffset.Parse((string)e["timestamp"]!, CultureInfo.InvariantCulture)).ToList();

        Assert.Equal(times.OrderDescending(), times);
    }

    [Fact]
    public async Task AnEventWrittenBetweenTwoPagesDoesNotAppearInTheMiddle()
    {
        await FillAsync();
        var first = await _face.GetAsync("/events?type=log.entry,alert.sent&limit=3");

        _face.State.Add(HttpFace.Derived("late", "alert.sent", 500));
        var second = await _face.GetAsync("/events?type=log.entry,alert.sent&limit=100&cursor=" + (string?)first.Json["next_cursor"]);

        Assert.DoesNotContain(second.Json["events"]!.AsArray(), e => (string?)e!["id"] == "late");
    }

    [Fact]
    public async Task AnErrorViewIsDerivedFromItsRecordAndLeavesDuplicatesOut()
    {
        var context = ",\"trace_id\":\"t1\",\"context\":{\"stack_trace\":\"at a\\nat b\"}";
        await _face.PostAsync("[{\"message\":\"java.io.IOException: broken pipe\",\"level\":\"error\"" + context + "},"
            + "{\"message\":\"java.io.IOException: broken pipe\",\"level\":\"error\"},{\"message\":\"fine\"},"
            + "{\"id\":\"mine\",\"type\":\"log.error\",\"message\":\"m\",\"error_type\":\"E\"},{\"message\":\"down\",\"level\":\"fatal\"}]");
        var annotations = new BatchAnnotations(5);
        annotations.DuplicateOf[1] = 1;
        _face.Records.Annotate(1, annotations);

        var errors = await _face.GetAllAsync("type=log.error&order=asc");

        Assert.Equal(["java.io.IOException", "E", "Error"], errors.Select(e => (string)e["error_type"]!));
        var id = RecordId.Format(_face.Journal.Id, 1);
        Assert.Equal(id + "-error", (string?)errors[0]["id"]);
        Assert.Equal(id, (string?)errors[0]["meta"]!["causation_id"]);
        Assert.Equal("t1", (string?)errors[0]["meta"]!["trace_id"]);
        Assert.Equal("at a\nat b", (string?)errors[0]["stack_trace"]);
        Assert.Equal("mine-error", (string?)errors[1]["id"]);
        Assert.Equal(errors[1].ToJsonString(), (await _face.GetAsync("/events/mine-error")).Json.ToJsonString());
    }

    [Fact]
    public async Task EveryFilterNarrows()
    {
        await _face.PostAsync("""
            [{"message":"Timeout of DB","service":"a","environment":"p","level":"error","trace_id":"t","meta":{"correlation_id":"c"},"timestamp":"2026-11-23T04:00:00Z"},
             {"message":"hello","service":"b","environment":"q","level":"info","timestamp":"2026-11-23T04:30:00Z"},
             {"type":"order.placed","service":"a","n":1,"timestamp":"2026-11-23T04:45:00Z"}]
            """);

        Assert.Equal(2, (await _face.GetAllAsync("service=a")).Count);
        Assert.Single(await _face.GetAllAsync("environment=q"));
        Assert.Single(await _face.GetAllAsync("level=ERROR,fatal"));
        Assert.Single(await _face.GetAllAsync("text=timeout%20of"));
        Assert.Single(await _face.GetAllAsync("trace_id=t"));
        Assert.Single(await _face.GetAllAsync("correlation_id=c"));
        Assert.Equal(2, (await _face.GetAllAsync("from=2026-11-23T04:30:00Z")).Count);
        Assert.Single(await _face.GetAllAsync("to=2026-11-23T05:30:00+01:00"));
        Assert.Equal(1, (int?)Assert.Single(await _face.GetAllAsync("type=order.placed"))["n"]);
    }

    [Fact]
    public async Task MetricsSpansChangesAndUnknownTypesReadBackAsSent()
    {
        await _face.PostAsync("""
            {"type":"metric.value","id":"m","service":"a","metric_name":"cpu","value":0.5,"unit":"%"}
            {"type":"span","id":"s","service":"a","operation":"GET /","trace_id":"t","span_id":"1","duration_ms":2.5,"parent_id":"0"}
            {"type":"change","id":"c","kind":"deploy","message":"v2","files_changed":["a.cs"]}
            {"type":"order.placed","id":"o","timestamp":1795410000,"order":{"n":[1,2]},"message":"m"}
            """, "application/x-ndjson");

        var metric = (await _face.GetAsync("/events/m")).Json;
        var span = (await _face.GetAsync("/events/s")).Json;
        var change = (await _face.GetAsync("/events/c")).Json;
        var order = (await _face.GetAsync("/events/o")).Json;

        Assert.Equal(("metric.value", "cpu", 0.5, "%"), ((string?)metric["type"], (string?)metric["metric_name"], (double)metric["value"]!, (string?)metric["unit"]));
        Assert.Equal(("GET /", 2.5, "t"), ((string?)span["operation"], (double)span["duration_ms"]!, (string?)span["trace_id"]));
        Assert.Equal(("deploy", "v2", "a.cs"), ((string?)change["kind"], (string?)change["message"], (string?)change["files_changed"]![0]));
        Assert.Equal("{\"n\":[1,2]}", order["order"]!.ToJsonString());
        Assert.Equal("2026-11-23T05:00:00.000Z", (string?)order["timestamp"]);
    }

    [Fact]
    public async Task AChainLeadsFromTheRootCauseToTheEntries()
    {
        await _face.PostAsync("[{\"id\":\"e1\",\"message\":\"a\",\"level\":\"error\"},{\"id\":\"e2\",\"message\":\"b\",\"level\":\"error\",\"meta\":{\"causation_id\":\"e1\"}}]");
        _face.State.Add(HttpFace.Derived("an1", "log.anomaly", 1, "inc1", null, ",\"error_ids\":[\"e1-error\",\"e2-error\",\"gone-error\"]"));
        _face.State.Add(HttpFace.Derived("rc1", "log.root_cause", 2, "inc1", "an1"));

        var chain = await _face.GetAsync("/events/rc1/chain");

        Assert.Equal(["rc1", "an1", "e1-error", "e2-error", "e1", "e2"], chain.Json["chain"]!.AsArray().Select(e => (string)e!["id"]!));
    }

    [Fact]
    public async Task ASenderCannotHideAnEventOfOursBehindItsName()
    {
        _face.State.Add(HttpFace.Derived("an1", "log.anomaly", 1));
        await _face.PostAsync("{\"message\":\"ours\"}");
        var id = RecordId.Format(_face.Journal.Id, 1);
        await _face.PostAsync($"[{{\"id\":\"an1\",\"message\":\"forged\"}},{{\"id\":\"{id}\",\"message\":\"forged\"}}]");

        Assert.Equal("log.anomaly", (string?)(await _face.GetAsync("/events/an1")).Json["type"]);
        Assert.Equal("ours", (string?)(await _face.GetAsync("/events/" + id)).Json["message"]);
    }

    [Fact]
    public async Task ACircleOfCausesEnds()
    {
        await _face.PostAsync("[{\"id\":\"e1\",\"message\":\"a\",\"meta\":{\"causation_id\":\"e2\"}},{\"id\":\"e2\",\"message\":\"b\",\"meta\":{\"causation_id\":\"e1\"}}]");

        var chain = await _face.GetAsync("/events/e1/chain");

        Assert.Equal(2, chain.Json["chain"]!.AsArray().Count);
    }

    [Theory]
    [InlineData("limit=0", "limit", "1 to 1000")]
    [InlineData("limit=1001", "limit", "1001")]
    [InlineData("limit=ten", "limit", "ten")]
    [InlineData("order=up", "order", "desc, asc")]
    [InlineData("level=loud", "level", "debug, info, warn, error, fatal")]
    [InlineData("from=yesterday", "from", "ISO 8601")]
    [InlineData("cursor=AAAA", "cursor", "next_cursor")]
    [InlineData("enviroment=prod", "enviroment", "environment")]
    [InlineData("service=a&service=b", "service", "once")]
    [InlineData("type=,", "type", "1 to 32")]
    [InlineData("service=", "service", "empty")]
    public async Task ABadParameterIsNamedWithWhatIsAllowed(string query, string parameter, string detail)
    {
        var answer = await _face.GetAsync("/events?" + query);

        Assert.Equal((400, "bad_parameter"), (answer.Status, answer.Code));
        Assert.Equal(parameter, (string?)answer.Json["errors"]![0]!["parameter"]);
        Assert.Contains(detail, (string?)answer.Json["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACursorIsGoodOnlyForItsOwnQuery()
    {
        await FillAsync();
        var cursor = (string?)(await _face.GetAsync("/events?limit=2")).Json["next_cursor"];

        var otherOrder = await _face.GetAsync("/events?limit=2&order=asc&cursor=" + cursor);
        var damaged = await _face.GetAsync("/events?limit=2&cursor=" + cursor![..10] + (cursor[10] == 'A' ? 'B' : 'A') + cursor[11..]);

        Assert.Contains("other filters", (string?)otherOrder.Json["detail"], StringComparison.Ordinal);
        Assert.Equal((400, "bad_parameter"), (damaged.Status, damaged.Code));
    }

    [Fact]
    public async Task AnIncidentIsShownInTheStateWrittenLast()
    {
        _face.State.Add(HttpFace.Derived("i1-1", "incident.opened", 10, "i1", null, ",\"state\":\"open\""));
        _face.State.Add(HttpFace.Derived("i2-1", "incident.opened", 20, "i2", null, ",\"state\":\"open\""));
        _face.State.Add(HttpFace.Derived("rc", "log.root_cause", 11, "i1", "a"));
        _face.State.Add(HttpFace.Derived("i1-2", "incident.resolved", 5, "i1", null, ",\"state\":\"resolved\""));
        _face.State.Add(HttpFace.Derived("s", "log.summary", 1));

        var all = await _face.GetAsync("/incidents");
        var one = await _face.GetAsync("/incidents/i1");
        var open = await _face.GetAsync("/incidents?state=open");
        var wrong = await _face.GetAsync("/incidents?state=closed");
        var summaries = await _face.GetAsync("/summaries");

        Assert.Equal(["i2-1", "i1-2"], all.Json["incidents"]!.AsArray().Select(i => (string)i!["id"]!));
        Assert.Equal(["i2-1"], open.Json["incidents"]!.AsArray().Select(i => (string)i!["id"]!));
        Assert.Equal((400, "bad_parameter"), (wrong.Status, wrong.Code));
        Assert.Equal("resolved", (string?)one.Json["incident"]!["state"]);
        Assert.Equal(["i1-1", "rc", "i1-2"], one.Json["events"]!.AsArray().Select(i => (string)i!["id"]!));
        Assert.Equal("s", (string?)Assert.Single(summaries.Json["summaries"]!.AsArray())!["id"]);
    }

    [Fact]
    public async Task ServicesAndTopologyAnswerFromTheStartAndRefuseWhatTheyDoNotKnow()
    {
        var services = await _face.GetAsync("/services");
        var edges = await _face.GetAsync("/topology?environment=production");
        var wrong = await _face.GetAsync("/topology?service=a");

        Assert.Empty(services.Json["services"]!.AsArray());
        Assert.Empty(edges.Json["edges"]!.AsArray());
        Assert.Equal((400, "bad_parameter"), (wrong.Status, wrong.Code));
    }

    [Fact]
    public async Task HealthReadyRootAndOpenApiAnswer()
    {
        await _face.PostAsync("{\"message\":\"a\"}");

        var health = await _face.GetAsync("/health");
        var head = await _face.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/health"));
        var ready = await _face.GetAsync("/ready");
        var detailed = await _face.GetAsync("/health/detailed");
        var root = await _face.GetAsync("/");
        var api = await _face.GetAsync("/openapi/v1.json");

        Assert.Equal(("ok", "sync"), ((string?)health.Json["status"], (string?)health.Json["durability"]));
        Assert.Equal((200, ""), (head.Status, head.Text));
        Assert.Equal(200, ready.Status);
        Assert.Equal(1, (int?)detailed.Json["components"]!["ingestion"]!["accepted"]);
        Assert.Equal("POST /events", (string?)root.Json["endpoints"]!["publish"]);
        Assert.NotNull(api.Json["paths"]!["/events"]!["post"]);
        Assert.Contains(api.Json["paths"]!["/events"]!["get"]!["parameters"]!.AsArray(), p => (string?)p!["name"] == "cursor");
        Assert.NotNull(api.Json["paths"]!["/events/stream"]!["get"]!["description"]);
    }

    private async Task FillAsync()
    {
        for (var batch = 0; batch < 4; batch++)
        {
            var events = Enumerable.Range(0, 5).Select(i =>
                $"{{\"message\":\"m\",\"level\":\"{(i == 2 ? "error" : "info")}\",\"timestamp\":{1795410000 - (7 * batch) + (i * 3 % 5)}}}");
            await _face.PostAsync("[" + string.Join(',', events) + "]");
            _face.State.Add(HttpFace.Derived("an" + batch, "log.anomaly", -(7 * batch) + 2));
        }
    }
}
