using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Alerting.People;
using Culprit.Server.Detection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Culprit.Server.Alerting.Trying;

/// <summary>
/// Plays stored events through the rules as they are now: the same outbox, gate and reminders, over a store in memory and a clock that jumps
/// along the events, with sinks that take everything. One run each.
/// </summary>
/// <param name="progress">Its topology is that of now.</param>
/// <param name="silences">Those that there are, ended ones too.</param>
internal sealed class AlertRehearsal(AlertRules rules, ServiceLabels labels, EngineProgress progress, ISilenceStore silences)
{
    /// <summary>What is played; repetitions and escalations are worked out anew.</summary>
    public static readonly IReadOnlyList<string> Types =
        [.. EventTypes.Incident, EventTypes.RootCause, EventTypes.AlertFiring, EventTypes.AlertUpdated, EventTypes.AlertAcknowledged, EventTypes.AlertResolved];

    // As exact as a repetition needs to be, which is a minute at the shortest.
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly MemoryStateStore _state = new();
    private readonly IncidentBook _book = new();
    private readonly JumpingTime _clock = new();

    /// <summary>What would have become of each alert, by incident, in the order of their first alerts.</summary>
    /// <param name="events">Oldest first.</param>
    /// <param name="to">Until when time goes on after the last of them.</param>
    public async Task<IReadOnlyList<(string IncidentId, IReadOnlyList<AlertDelivery> Deliveries)>> RunAsync(
        IReadOnlyList<DerivedEvent> events, DateTimeOffset to, CancellationToken cancellationToken)
    {
        using var book = new SilenceBook(silences, _state, new AlertSignal(), _clock);
        await book.StartingAsync(cancellationToken).ConfigureAwait(false);
        var gate = new AlertGate(_state, _book, book, rules, progress, _clock, NullLogger<AlertGate>.Instance);
        var post = new AlertPost(rules.Router, labels, _book, _clock);
        foreach (var stored in events)
        {
            await AdvanceAsync(UnixNanos.ToTime(stored.TimestampNanos), gate, post, cancellationToken).ConfigureAwait(false);
            post.Stored(await _state.ApplyAsync(post.ToOutput(0, [stored]), cancellationToken).ConfigureAwait(false));
            await DeliverAsync(gate, cancellationToken).ConfigureAwait(false);
        }

        await AdvanceAsync(to, gate, post, cancellationToken).ConfigureAwait(false);
        var found = new List<(string, IReadOnlyList<AlertDelivery>)>();
        foreach (var incident in events.Select(e => e.CorrelationId).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            found.Add((incident, await _state.FindDeliveriesAsync(incident, cancellationToken).ConfigureAwait(false)));
        }

        return found;
    }

    /// <summary>Lets time pass, and does what is due on the way while an incident is open or an alert is held.</summary>
    private async Task AdvanceAsync(DateTimeOffset target, AlertGate gate, AlertPost post, CancellationToken cancellationToken)
    {
        while (_clock.Now < target)
        {
            var isQuiet = _book.All.Count == 0 && (await _state.WaitingSinksAsync(cancellationToken).ConfigureAwait(false)).Count == 0;
            _clock.Now = isQuiet || _clock.Now + Step > target ? target : _clock.Now + Step;
            foreach (var incident in _book.All.Where(i => i.Alert is not null))
            {
                await RemindAsync(incident, post, cancellationToken).ConfigureAwait(false);
            }

            await DeliverAsync(gate, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemindAsync(KnownIncident incident, AlertPost post, CancellationToken cancellationToken)
    {
        var deliveries = await _state.FindDeliveriesAsync(incident.Id, cancellationToken).ConfigureAwait(false);
        foreach (var reminder in Reminders.Due(incident, deliveries, rules.Router.RoutesOf(incident.Alert!), _clock.Now))
        {
            await _state.ApplyAsync(post.ToOutput(incident, reminder), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task DeliverAsync(AlertGate gate, CancellationToken cancellationToken)
    {
        foreach (var sink in await _state.WaitingSinksAsync(cancellationToken).ConfigureAwait(false))
        {
            while (await _state.DueAlertsAsync(sink, _clock.Now, int.MaxValue, cancellationToken).ConfigureAwait(false) is { Count: > 0 } due)
            {
                foreach (var alert in due)
                {
                    if (await gate.PassAsync(alert, cancellationToken).ConfigureAwait(false) is not null)
                    {
                        await _state.MarkDeliveredAsync(alert.Id, sink, _clock.Now, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
        }
    }

    private sealed class JumpingTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
