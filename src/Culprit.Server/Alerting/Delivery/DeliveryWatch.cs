using System.Collections.Concurrent;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Http;
using Culprit.Server.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>A time in which a sink did not take alerts, as far as others were told.</summary>
/// <param name="IncidentId">Of the notices, so that receivers put them together.</param>
/// <param name="NoticedAt">When others were last told.</param>
/// <param name="IsOpen">They were not told that it is over.</param>
internal sealed record DeliveryOutage(string Sink, string IncidentId, DateTimeOffset Since, DateTimeOffset NoticedAt, bool IsOpen);

/// <summary>Tells other sinks when one does not take alerts for long or has lost one, and when it takes them again.</summary>
/// <remarks>
/// At most one notice an hour and sink. Notices are events of the state store, written in one transaction with their way out: they survive a
/// restart, and so does what is known about who was told what. Each sink is watched by its own lane only.
/// </remarks>
/// <param name="sinksToTell">Whom to tell that the sink of a name fails.</param>
internal sealed class DeliveryWatch(IStateStore state, AlertSignal signal, Func<string, IReadOnlyList<string>> sinksToTell, TimeProvider clock)
{
    /// <summary>A sink that fails for less may be restarting: nobody is told.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan ShortestInterval = TimeSpan.FromHours(1);

    private const int MaxRead = 1000;

    private readonly ConcurrentDictionary<string, DeliveryOutage?> _last = new(StringComparer.Ordinal);

    /// <summary>The alert is tried again, or was given up.</summary>
    /// <param name="since">When the first try failed.</param>
    /// <param name="isLost">It is not tried again.</param>
    public async Task FailedAsync(OutboxItem alert, DateTimeOffset since, string reason, bool isLost, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (!isLost && now - since < Patience)
        {
            return;
        }

        var (isKnown, last) = await LastAsync(alert.Sink, cancellationToken).ConfigureAwait(false);
        if (!isKnown || (last is not null && now - last.NoticedAt < ShortestInterval))
        {
            return;
        }

        var outage = last is { IsOpen: true }
            ? last with { NoticedAt = now }
            : new DeliveryOutage(
                alert.Sink,
                ContentId.Of("undelivered", alert.Sink, since.UtcTicks.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                since,
                now,
                IsOpen: true);
        await TellAsync(DeliveryNotice.Undelivered(outage, alert, reason), outage, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The sink took an alert.</summary>
    public async Task DeliveredAsync(string sink, CancellationToken cancellationToken)
    {
        if (await LastAsync(sink, cancellationToken).ConfigureAwait(false) is (_, { IsOpen: true } outage))
        {
            await TellAsync(DeliveryNotice.Redelivered(outage, clock.GetUtcNow()), outage with { IsOpen = false }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TellAsync(DerivedEvent notice, DeliveryOutage outage, CancellationToken cancellationToken)
    {
        var outbox = sinksToTell(outage.Sink).Select(sink => new OutboxItem(notice.Id, sink, outage.IncidentId, notice.Json, 0)).ToList();
        if (outbox.Count == 0)
        {
            return;
        }

        // Position 0: the engine's own never moves back.
        await state.ApplyAsync(new EngineOutput(0, [notice], outbox), cancellationToken).ConfigureAwait(false);
        _last[outage.Sink] = outage;
        signal.Wake();
    }

    /// <summary>Not known while the store is away: alerts go out meanwhile, and it is asked again with the next.</summary>
    private async Task<(bool IsKnown, DeliveryOutage? Last)> LastAsync(string sink, CancellationToken cancellationToken)
    {
        if (_last.TryGetValue(sink, out var known))
        {
            return (true, known);
        }

        try
        {
            var notices = await state.FindAsync(
                new DerivedQuery { Types = [EventTypes.AlertUndelivered, EventTypes.AlertRedelivered], Text = sink, Limit = MaxRead }, cancellationToken)
                .ConfigureAwait(false);
            var last = Read(sink, [.. notices.Select(n => n.Event)]);
            _last[sink] = last;
            return (true, last);
        }
        catch (StoreUnavailableException)
        {
            return (false, null);
        }
    }

    /// <param name="notices">Newest first.</param>
    private static DeliveryOutage? Read(string sink, IReadOnlyList<DerivedEvent> notices)
    {
        var isOpen = true;
        foreach (var notice in notices)
        {
            using var json = JsonDocument.Parse(notice.Json);
            if (JsonFields.Text(json.RootElement, "sink") != sink)
            {
                continue;
            }

            if (notice.Type == EventTypes.AlertUndelivered)
            {
                return new DeliveryOutage(
                    sink, notice.CorrelationId!, json.RootElement.GetProperty("started_at").GetDateTimeOffset(), UnixNanos.ToTime(notice.TimestampNanos), isOpen);
            }

            isOpen = false;
        }

        return null;
    }
}
