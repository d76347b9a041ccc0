using System.Threading.Channels;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Querying;

namespace Culprit.Server.Export.Datadog;

/// <summary>Sends metrics every 15 s, and incidents as they open and end, for as long as the server runs.</summary>
/// <remarks>
/// Nothing is kept over a restart. While Datadog does not answer, the newest requests are kept and the oldest dropped and
/// counted: numbers of an hour ago would be refused anyway.
/// </remarks>
internal sealed partial class DatadogExporter(
    DatadogTarget target,
    INetwork network,
    CulpritMeter meter,
    EventHub hub,
    DatadogMetrics metrics,
    TimeProvider clock,
    ILogger<DatadogExporter> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private const int QueueLength = 64;

    // Datadog takes points of the last hour.
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(45);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    private readonly string _host = Environment.MachineName;
    private readonly Channel<Outgoing> _queue = Channel.CreateBounded<Outgoing>(
        new BoundedChannelOptions(QueueLength) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
        _ => metrics.Dropped("queue_full"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Subscribed and timed before anything is awaited, so that nothing after the start is missed.
        using var timer = new PeriodicTimer(Interval, clock);
        using var reading = new MeterReading(meter.Meter);
        using var incidents = hub.Subscribe(new EventFilter { Types = [EventTypes.IncidentOpened, EventTypes.IncidentReopened, EventTypes.IncidentResolved] });
        using var client = new SinkClient(target, network, clock);
        if (incidents is null)
        {
            NoRoomForIncidents();
        }

        await Task.WhenAll(
            CollectAsync(timer, reading, incidents, stoppingToken),
            incidents is null ? Task.CompletedTask : FollowAsync(incidents, stoppingToken),
            SendAsync(client, stoppingToken)).ConfigureAwait(false);
    }

    private async Task CollectAsync(PeriodicTimer timer, MeterReading reading, Subscription? incidents, CancellationToken cancellationToken)
    {
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            if (incidents?.TakeDropped() is > 0 and var dropped)
            {
                metrics.Dropped("slow_reader", dropped);
            }

            var now = clock.GetUtcNow();
            foreach (var body in DatadogSeries.Write(reading.Read(), now, Interval, _host))
            {
                _queue.Writer.TryWrite(new Outgoing("api/v2/series", DatadogSeries.Compress(body), "gzip", clock.GetTimestamp()));
            }
        }
    }

    private async Task FollowAsync(Subscription incidents, CancellationToken cancellationToken)
    {
        await foreach (var live in incidents.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            _queue.Writer.TryWrite(new Outgoing(
                "api/v1/events", DatadogEvent.Write(live.Json, clock.GetUtcNow(), _host), null, clock.GetTimestamp()));
        }
    }

    private async Task SendAsync(SinkClient client, CancellationToken cancellationToken)
    {
        await foreach (var outgoing in _queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            for (var attempt = 0; !await TrySendAsync(client, outgoing, attempt, cancellationToken).ConfigureAwait(false); attempt++)
            {
                if (clock.GetElapsedTime(outgoing.CreatedAt) >= MaxAge)
                {
                    metrics.Dropped("too_old");
                    break;
                }
            }
        }
    }

    /// <summary>One attempt; false, after the pause that is due, when it is worth another.</summary>
    private async Task<bool> TrySendAsync(SinkClient client, Outgoing outgoing, int attempt, CancellationToken cancellationToken)
    {
        var answer = await client.PostAsync(
            new Uri(target.Address, outgoing.Path),
            outgoing.Body,
            headers => headers.Add("DD-API-KEY", target.ApiKey),
            cancellationToken,
            outgoing.Encoding).ConfigureAwait(false);
        var result = answer.ToResult();
        switch (result.Outcome)
        {
            case DeliveryOutcome.Delivered:
                metrics.Sent();
                return true;
            case DeliveryOutcome.Rejected:
                Rejected(outgoing.Path, result.Detail);
                metrics.Dropped("rejected");
                return true;
            case DeliveryOutcome.Retryable:
                metrics.Failed();
                if (attempt == 0)
                {
                    NotTaken(outgoing.Path, result.Detail);
                }

                await Task.Delay(result.RetryAfter ?? Backoff(attempt), clock, cancellationToken).ConfigureAwait(false);
                return false;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown outcome {result.Outcome}.");
        }
    }

    private static TimeSpan Backoff(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(LongestBackoff.TotalSeconds, Math.Pow(2, Math.Min(attempt, 10))) * (0.8 + (0.4 * Random.Shared.NextDouble())));

    /// <param name="CreatedAt">Timestamp of the clock.</param>
    private sealed record Outgoing(string Path, byte[] Body, string? Encoding, long CreatedAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Datadog refused a request to {Path}; it is dropped: {Detail}")]
    private partial void Rejected(string path, string? detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Datadog did not take a request to {Path}; trying again: {Detail}")]
    private partial void NotTaken(string path, string? detail);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Too many live readers: incidents are not sent to Datadog until a restart")]
    private partial void NoRoomForIncidents();
}
