using Culprit.Engine.Alerting;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Querying;
using Culprit.Server.Rules;

namespace Culprit.Server.Replaying;

/// <summary>What a replay lets others notice: marked events when it is live; alerts and handlers only when it was asked for them.</summary>
internal sealed class ReplayEcho(
    EventHub hub, IStateStore state, AlertRouter router, AlertSignal signal, TriggerDispatcher triggers, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Marks the events, and hands them and the firings on as far as the request wants it.</summary>
    public async Task HandOnAsync(
        ReplayRequest request, List<DerivedEvent> made, IReadOnlyList<RuleFiring> firings, CancellationToken cancellationToken)
    {
        for (var i = 0; i < made.Count; i++)
        {
            made[i] = made[i] with { Json = ReplayMark.On(made[i].Json) };
            if (request.IsLive)
            {
                hub.Publish(made[i]);
            }
        }

        if (request.Alerts)
        {
            await AlertAsync(made, cancellationToken).ConfigureAwait(false);
            await CallAsync(firings, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AlertAsync(List<DerivedEvent> made, CancellationToken cancellationToken)
    {
        // Under ids of their own: the outbox ignores what it has seen. One for all sinks, by which it also knows whom it told.
        var run = Guid.NewGuid().ToString("N");
        var outbox = made.Where(d => d.Type.StartsWith("alert.", StringComparison.Ordinal))
            .SelectMany(d => router.Route(d.Json).Select(sink => Again(d, sink, run))).ToList();
        if (outbox.Count > 0)
        {
            await state.ApplyAsync(new EngineOutput(0, [], outbox), cancellationToken).ConfigureAwait(false);
            signal.Wake();
        }
    }

    /// <summary>Waits while many firings wait: those of the present must not be refused for a replay's sake.</summary>
    private async Task CallAsync(IReadOnlyList<RuleFiring> firings, CancellationToken cancellationToken)
    {
        foreach (var firing in firings)
        {
            while (!triggers.HasRoom)
            {
                await Task.Delay(Pause, clock, cancellationToken).ConfigureAwait(false);
            }

            triggers.TryPost(firing with { IsReplayed = true });
        }
    }

    /// <summary>Beside the incident's own alerts: the order of the first deliveries is not this one's.</summary>
    private static OutboxItem Again(DerivedEvent alert, string sink, string run) =>
        new($"{alert.Id}-replay-{run}", sink, $"{alert.CorrelationId}-replay", alert.Json, 0);
}
