using System.Diagnostics;
using System.Diagnostics.Metrics;
using Culprit.IntegrationTests.Faults;
using Culprit.IntegrationTests.Support;
using Culprit.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>The OpenTelemetry SDK of .NET against a real server.</summary>
[Collection(FaultCollection.Name)]
public sealed partial class OtlpSdkTests
{
    private const int Sent = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task AllThreeSignalsArriveWhole(OtlpExportProtocol protocol)
    {
        using var folder = new TempFolder();
        await using var server = await OtlpServer.StartAsync(folder.Path, Token);

        SendLogs(server, protocol);
        SendSpans(server, protocol);
        SendMetrics(server, protocol);

        var logs = await server.Process.WaitForEventsAsync("type=log.entry&limit=1000", e => e.Count >= Sent, Token);
        var spans = await server.Process.WaitForEventsAsync("type=span&limit=1000", e => e.Count >= Sent, Token);
        var metrics = await server.Process.WaitForEventsAsync("type=metric.value&limit=1000", e => e.Count >= 3, Token);

        Assert.Equal(Sent + 1, logs.Count); // One is the exception of a span.
        var log = logs.Single(e => e.GetProperty("message").GetString() == "Order 7 failed");
        Assert.Equal(("sdk-shop", "test", "error"), (log.GetProperty("service").GetString(), log.GetProperty("environment").GetString(), log.GetProperty("level").GetString()));
        Assert.Equal("7", log.GetProperty("context").GetProperty("Id").ToString());
        Assert.Equal(typeof(OtlpSdkTests).FullName, log.GetProperty("context").GetProperty("otel.scope.name").GetString());
        Assert.Equal("1.2", log.GetProperty("context").GetProperty("service.version").GetString());

        var thrown = logs.Single(e => e.GetProperty("message").GetString()!.Contains("InvalidOperationException: no stock", StringComparison.Ordinal));
        Assert.Equal("error", thrown.GetProperty("level").GetString());
        Assert.Equal(Sent, spans.Count);
        var child = spans.Single(e => e.GetProperty("operation").GetString() == "work 3");
        Assert.Contains(spans, e => e.GetProperty("span_id").GetString() == child.GetProperty("parent_id").GetString());
        Assert.True(child.GetProperty("duration_ms").GetDouble() >= 0);
        Assert.Equal("client", child.GetProperty("kind").GetString());
        Assert.Equal("stock", child.GetProperty("peer.service").GetString());

        var values = metrics.ToDictionary(e => e.GetProperty("metric_name").GetString()!, e => e.GetProperty("value").GetDouble());
        Assert.Equal(Sent, values["orders_total"]);
        Assert.Equal(12.5, values["queue.depth"]);
        Assert.Equal(Sent, values["order.duration.count"]);
    }

    /// <summary>With its retries switched on, the exporter loses nothing over a kill, and what it sends again counts once.</summary>
    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task AKillLosesAndDoublesNothing(OtlpExportProtocol protocol)
    {
        using var folder = new TempFolder();
        var server = await OtlpServer.StartAsync(folder.Path, Token, faultPoint: "journal-before-ack:10");
        var retries = new ConfigurationBuilder().AddInMemoryCollection([new("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory")]).Build();
        using var source = new ActivitySource("kill" + protocol);
        using var provider = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(source.Name)
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(retries))
            .AddOtlpExporter(export =>
            {
                Configure(export, server, protocol, "traces");
                export.ExportProcessorType = ExportProcessorType.Simple;
                export.TimeoutMilliseconds = 60_000;
            }).Build();

        var sending = Task.Run(
            () =>
            {
                for (var i = 0; i < Sent; i++)
                {
                    source.StartActivity("step " + i)!.Dispose();
                }
            },
            Token);
        Assert.True(await server.Process.EndsWithinAsync(TimeSpan.FromMinutes(1), Token), "the server was to die");
        server = await server.RestartAsync(folder.Path, Token);
        await sending;

        var spans = await server.Process.WaitForEventsAsync("type=span&limit=1000", e => e.Count >= Sent, Token);
        await server.DisposeAsync();
        var distinct = spans.Select(e => e.GetProperty("operation").GetString()).Distinct().Count();
        FaultTier.Report($"OTLP .NET {protocol}, 1 kill: {Sent} sent, {Sent - distinct} lost, {spans.Count - distinct} doubled");
        Assert.Equal((Sent, Sent), (distinct, spans.Count));
    }

    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty()
        .AddService("sdk-shop", serviceVersion: "1.2", autoGenerateServiceInstanceId: false)
        .AddAttributes([new("deployment.environment.name", "test"), new("host.name", "box")]);

    private static void SendLogs(OtlpServer server, OtlpExportProtocol protocol)
    {
        using var factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.SetResourceBuilder(Resource());
            options.IncludeFormattedMessage = true;
            options.AddOtlpExporter(export => Configure(export, server, protocol, "logs"));
        }));
        var logger = factory.CreateLogger<OtlpSdkTests>();
        for (var i = 0; i < Sent; i++)
        {
            OrderFailed(logger, i);
        }
    }

    private static void SendSpans(OtlpServer server, OtlpExportProtocol protocol)
    {
        using var source = new ActivitySource("spans" + protocol);
        using var provider = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(source.Name)
            .AddOtlpExporter(export => Configure(export, server, protocol, "traces")).Build();
        for (var i = 0; i < Sent / 2; i++)
        {
            using var outer = source.StartActivity("request", ActivityKind.Server);
            using var inner = source.StartActivity("work " + i, ActivityKind.Client);
            inner!.SetTag("peer.service", "stock");
            if (i == 3)
            {
                inner.AddException(new InvalidOperationException("no stock"));
                inner.SetStatus(ActivityStatusCode.Error, "no stock");
            }
        }
    }

    private static void SendMetrics(OtlpServer server, OtlpExportProtocol protocol)
    {
        using var meter = new Meter("metrics" + protocol);
        using var provider = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource()).AddMeter(meter.Name)
            .AddOtlpExporter(export => Configure(export, server, protocol, "metrics")).Build();
        meter.CreateObservableGauge("queue.depth", () => 12.5);
        var orders = meter.CreateCounter<long>("orders");
        var durations = meter.CreateHistogram<double>("order.duration", "ms");
        for (var i = 0; i < Sent; i++)
        {
            orders.Add(1);
            durations.Record(i);
        }
    }

    private static void Configure(OtlpExporterOptions export, OtlpServer server, OtlpExportProtocol protocol, string signal)
    {
        export.Protocol = protocol;
        export.Endpoint = new Uri(protocol == OtlpExportProtocol.Grpc ? server.GrpcUrl : $"{server.HttpUrl}/v1/{signal}");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Order {Id} failed")]
    private static partial void OrderFailed(ILogger logger, int id);
}
