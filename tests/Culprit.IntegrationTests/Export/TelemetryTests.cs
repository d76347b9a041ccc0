using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Culprit.IntegrationTests.Support;

namespace Culprit.IntegrationTests.Export;

/// <summary>What a server tells about itself by OTLP, taken in by another server: both are the real binary.</summary>
public sealed class TelemetryTests
{
    private const string Secret = "the-password-is-xyzzy";

    private static readonly Dictionary<string, string> Often = new()
    {
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["CULPRIT_telemetry__sampleShare"] = "1",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task SpansAndMetricsArriveAndHoldNoTextOfLogs(string protocol)
    {
        using var there = new TempFolder();
        using var here = new TempFolder();
        var port = FreePort.Next();
        await using var collector = await ServerProcess.StartAsync(
            there.Path, Token, new Dictionary<string, string> { ["CULPRIT_otlp__grpcUrl"] = $"http://127.0.0.1:{port}" });
        var environment = protocol == "grpc"
            ? new Dictionary<string, string>(Often) { ["CULPRIT_telemetry__endpoint"] = $"http://127.0.0.1:{port}" }
            : new Dictionary<string, string>(Often)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Http.BaseAddress!.ToString(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
                ["OTEL_SERVICE_NAME"] = "culprit-under-test",
            };
        await using var server = await ServerProcess.StartAsync(here.Path, Token, environment);

        await SendErrorsAsync(server);
        await server.WaitForEventsAsync("type=alert.firing", events => events.Count > 0, Token);
        await server.GetAsync($"/events?type=log.entry&text={Secret}", Token);

        var name = protocol == "grpc" ? "culprit" : "culprit-under-test";
        string[] expected = ["POST /events", "intake", "journal append", "engine batch", "engine tick", "incident explain", "alert deliver", "GET /events", "records find"];
        var spans = await collector.WaitForEventsAsync(
            $"type=span&service={name}&limit=1000", events => expected.Except(events.Select(e => Text(e, "operation"))).Any() is false, Token);
        var points = await collector.WaitForEventsAsync(
            $"type=metric.value&service={name}&limit=1000", events => events.Any(e => Text(e, "metric_name").Contains("culprit.stage.in", StringComparison.Ordinal)), Token);

        Assert.DoesNotContain(spans.Concat(points), e => e.GetRawText().Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(spans, e => e.GetRawText().Contains("url.query", StringComparison.Ordinal));
        var request = spans.First(s => Text(s, "operation") == "POST /events");
        Assert.Contains(spans, s => Text(s, "operation") == "intake" && Text(s, "trace_id") == Text(request, "trace_id") && Text(s, "parent_id") == Text(request, "span_id"));
    }

    [Fact]
    public async Task AServerThatSendsToItselfTracesNothingOfThat()
    {
        using var folder = new TempFolder();
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        await using var server = await ServerProcess.StartAsync(
            folder.Path,
            Token,
            new Dictionary<string, string>(Often) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" },
            "--urls",
            url);

        await SendErrorsAsync(server);

        // Several rounds of what came in over OTLP have been analysed by now, and the spans of that have come in as well.
        var spans = await server.WaitForEventsAsync(
            "type=span&service=culprit&limit=1000", events => events.Count(e => Text(e, "operation") == "engine tick") >= 5, Token);
        Assert.Contains(spans, s => Text(s, "operation") == "POST /events");
        Assert.DoesNotContain(spans, s => Text(s, "operation").Contains("/v1/", StringComparison.Ordinal));
        var requests = spans.Where(s => Text(s, "kind") == "server").Select(s => Text(s, "span_id")).ToHashSet();
        Assert.All(spans.Where(s => Text(s, "operation") == "intake"), s => Assert.Contains(Text(s, "parent_id"), requests));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ACollectorThatIsAwayOrHangsHarmsNothingAndTheStopIsQuick(bool hangs)
    {
        using var folder = new TempFolder();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // Connections are made and nobody ever answers.
        var port = hangs ? ((IPEndPoint)silent.LocalEndpoint).Port : FreePort.Next();
        await using var server = await ServerProcess.StartAsync(
            folder.Path, Token, new Dictionary<string, string>(Often) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}" });

        await SendErrorsAsync(server);
        await server.WaitForEventsAsync("type=alert.firing", events => events.Count > 0, Token);
        server.Terminate();

        Assert.True(await server.EndsWithinAsync(TimeSpan.FromSeconds(20), Token), server.Output);
        Assert.DoesNotContain("Unhandled", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutConfigurationNothingIsSent()
    {
        using var folder = new TempFolder();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var server = await ServerProcess.StartAsync(
            folder.Path,
            Token,
            new Dictionary<string, string>(Often)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}",
                ["OTEL_SDK_DISABLED"] = "true",
            });

        await SendErrorsAsync(server);
        await server.WaitForEventsAsync("type=alert.firing", events => events.Count > 0, Token);

        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task AnAddressThatIsNoneEndsTheStartWithItsName()
    {
        using var folder = new TempFolder();
        await using var server = ServerProcess.Launch(folder.Path, [], new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" });

        Assert.True(await server.EndsWithinAsync(TimeSpan.FromSeconds(30), Token));
        await server.WaitForOutputAsync("OTEL_EXPORTER_OTLP_ENDPOINT: ", Token);
    }

    private static async Task SendErrorsAsync(ServerProcess server)
    {
        for (var i = 0; i < 5; i++)
        {
            await server.PostAsync($$"""{"service":"user-service","level":"error","message":"{{Secret}} {{i}}"}""", "application/json", Token);
        }
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
