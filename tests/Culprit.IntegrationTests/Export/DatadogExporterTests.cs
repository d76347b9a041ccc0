using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.IntegrationTests.Alerting;
using Culprit.IntegrationTests.Support;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Export.Datadog;
using Culprit.Server.Querying;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.IntegrationTests.Export;

/// <summary>The exporter against a server that enforces what Datadog documents.</summary>
public sealed class DatadogExporterTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Of the clock, each 10 ms of ours: the 15 s within which an answer must come stay long enough.
    private static readonly TimeSpan SmallStep = TimeSpan.FromMilliseconds(50);

    private readonly FakeTimeProvider _clock = new(HttpFace.Now);
    private readonly EventHub _hub = new(new EventJsonWriter(1));
    private readonly DatadogMetrics _metrics = new();
    private readonly Numbers _numbers = new();
    private readonly KeptLog _log = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private DatadogExporter? _exporter;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_exporter is not null)
        {
            await _exporter.StopAsync(CancellationToken.None);
            _exporter.Dispose();
        }

        await _services.DisposeAsync();
    }

    [Fact]
    public async Task CountsAreWhatWasAddedWithinTheIntervalAndGaugesWhatIs()
    {
        await using var datadog = await StartAsync();

        _numbers.Total = 7;
        _clock.Advance(DatadogExporter.Interval);
        await UntilAsync(() => Read("culprit.datadog.sent") == 1);
        _numbers.Total = 10;
        _clock.Advance(DatadogExporter.Interval);
        await UntilAsync(() => Read("culprit.datadog.sent") == 2);

        Assert.Equal([7, 3], Values(datadog, "culprit.test.count"));
        Assert.All(Values(datadog, "culprit.test.level"), v => Assert.Equal(0.25, v));
        var series = Series(datadog).First(s => s.GetProperty("metric").GetString() == "culprit.test.count");
        Assert.Equal(1, series.GetProperty("type").GetInt32());
        Assert.Equal(15, series.GetProperty("interval").GetInt64());
        Assert.Equal(["env:production", "service:a_b"], series.GetProperty("tags").EnumerateArray().Select(t => t.GetString()!));
        Assert.Equal("gzip", datadog.Arrivals.First().Headers["Content-Encoding"]);
        Assert.Equal(0, Dropped());
    }

    [Fact]
    public async Task IncidentsBecomeEventsThatNotifyNobodyByAccident()
    {
        await using var datadog = await StartAsync();

        _hub.Publish(Incident("incident.opened", "critical", "@all"));
        _hub.Publish(Incident("incident.resolved", "critical", "@all"));
        await UntilAsync(() => Read("culprit.datadog.sent") == 2);

        var events = Accepted(datadog, "/api/v1/events").Select(DatadogIntake.Json).ToList();
        Assert.Equal(["error", "success"], events.Select(e => e.GetProperty("alert_type").GetString()));
        Assert.All(events, e => Assert.Equal("inc-1", e.GetProperty("aggregation_key").GetString()));
        Assert.All(events, e => Assert.DoesNotContain("@", e.GetProperty("text").GetString(), StringComparison.Ordinal));
        Assert.Equal(0, Dropped());
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task ABusyDatadogIsTriedAgainWithTheSameBody(int status)
    {
        await using var datadog = await StartAsync();
        datadog.Next.Enqueue(new Reply(status));
        datadog.Next.Enqueue(new Reply(status));

        _numbers.Total = 3;
        _clock.Advance(DatadogExporter.Interval);
        await UntilAsync(() => Read("culprit.datadog.sent") == 1, step: SmallStep);

        Assert.Equal(3, datadog.Arrivals.Count);
        Assert.Single(datadog.Arrivals.Select(a => Convert.ToHexString(a.Body)).Distinct());
        Assert.Equal(2, Read("culprit.datadog.failed"));
        Assert.Equal(0, Dropped());
    }

    [Fact]
    public async Task ARefusedKeyIsCountedAndNeverShown()
    {
        const string Wrong = "wrongwrongwrongwrong";
        await using var datadog = await StartAsync(Wrong, _ => new Reply(403, "no such key: " + Wrong));

        _clock.Advance(DatadogExporter.Interval);
        await UntilAsync(() => Dropped() == 1);

        Assert.Contains(_log.Lines, l => l.Contains("403", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, l => l.Contains(Wrong, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ADatadogThatIsDownCostsBoundedMemoryAndTheLossIsCounted()
    {
        await using var datadog = await StartAsync(DatadogIntake.Key, _ => new Reply(503, RetryAfter: "3600"));

        _clock.Advance(DatadogExporter.Interval);
        await UntilAsync(() => Read("culprit.datadog.failed") == 1);
        await UntilAsync(() => Dropped() >= 5, step: DatadogExporter.Interval);

        Assert.Single(datadog.Arrivals);
    }

    private async Task<Receiver> StartAsync(string key = DatadogIntake.Key, Func<Arrival, Reply>? rule = null)
    {
        var datadog = await Receiver.StartAsync(rule ?? DatadogIntake.At(_clock.GetUtcNow), Token);
        var meter = new CulpritMeter(_services.GetRequiredService<IMeterFactory>(), [_metrics, _numbers]);
        _exporter = new DatadogExporter(
            new DatadogTarget(new DatadogSection { ApiKey = key, Site = datadog.Url }),
            new SystemNetwork(), meter, _hub, _metrics, _clock, _log);
        await _exporter.StartAsync(Token);
        await UntilAsync(() => _hub.Subscribers == 1); // Its timer runs from here on.
        return datadog;
    }

    /// <summary>Waits for the condition; with a step, the clock moves on meanwhile.</summary>
    private async Task UntilAsync(Func<bool> condition, TimeSpan step = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            _clock.Advance(step);
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }

    private static IEnumerable<Arrival> Accepted(Receiver datadog, string path) => datadog.Arrivals.Where(a => a.Path == path);

    private static IEnumerable<JsonElement> Series(Receiver datadog) =>
        Accepted(datadog, "/api/v2/series").SelectMany(a => DatadogIntake.Json(a).GetProperty("series").EnumerateArray());

    private static IEnumerable<double> Values(Receiver datadog, string metric) => Series(datadog)
        .Where(s => s.GetProperty("metric").GetString() == metric)
        .Select(s => s.GetProperty("points")[0].GetProperty("value").GetDouble());

    private long Dropped() => Read("culprit.datadog.dropped");

    private long Read(string instrument)
    {
        long sum = 0;
        using var listener = new MeterListener();
        using var meter = new Meter("reader");
        listener.InstrumentPublished = (published, l) =>
        {
            if (ReferenceEquals(published.Meter, meter) && published.Name == instrument)
            {
                l.EnableMeasurementEvents(published);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => sum += value);
        listener.Start();
        _metrics.Register(meter);
        listener.RecordObservableInstruments();
        return sum;
    }

    private DerivedEvent Incident(string type, string severity, string service)
    {
        var json = JsonSerializer.Serialize(new
        {
            id = "e-" + type,
            type,
            timestamp = _clock.GetUtcNow(),
            incident_id = "inc-1",
            environment = "production",
            severity,
            anomaly_type = "error_spike",
            services = new[] { service },
            error_count = 5,
            started_at = _clock.GetUtcNow(),
        });
        return new DerivedEvent(
            "e-" + type, type, UnixNanos.From(_clock.GetUtcNow()), "production", null, "inc-1", null, Encoding.UTF8.GetBytes(json));
    }

    /// <summary>One counter and one gauge.</summary>
    private sealed class Numbers : IMetricSource
    {
        private long _total;

        public long Total
        {
            get => Interlocked.Read(ref _total);
            set => Interlocked.Exchange(ref _total, value);
        }

        public void Register(Meter meter)
        {
            meter.CreateObservableCounter(
                "culprit.test.count", () => new Measurement<long>(Total, Labels.Of("environment", "production"), Labels.Of("service", "A b")));
            meter.CreateObservableGauge("culprit.test.level", () => 0.25, "1");
        }
    }

    /// <summary>Keeps what is logged, at every level.</summary>
    private sealed class KeptLog : ILogger<DatadogExporter>
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception) + exception);
    }
}
