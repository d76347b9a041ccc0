using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting;

/// <summary>Makes outbox entries of alert events: puts labels on them and addresses them along the routes.</summary>
internal sealed class AlertPost(AlertRouter router, ServiceLabels labels)
{
    /// <summary>Sinks that also get the changes that come in.</summary>
    public IReadOnlyList<string> ChangeSinks { get; init; } = [];

    /// <summary>What the engine or somebody else made, ready to be applied: alert events have their labels, and each an entry for each of its sinks.</summary>
    /// <param name="sequence">The journal position that it covers; 0 when it is not the engine's.</param>
    public EngineOutput ToOutput(long sequence, IReadOnlyList<DerivedEvent> events)
    {
        var output = new List<DerivedEvent>(events.Count);
        var outbox = new List<OutboxItem>();
        foreach (var made in events)
        {
            if (!made.Type.StartsWith("alert.", StringComparison.Ordinal))
            {
                output.Add(made);
                continue;
            }

            var alert = made with { Json = labels.Put(made.Json) };
            output.Add(alert);
            outbox.AddRange(router.Route(alert.Json).Select(sink => new OutboxItem(alert.Id, sink, alert.CorrelationId!, alert.Json, 0)));
        }

        return new EngineOutput(sequence, output, outbox);
    }
}
