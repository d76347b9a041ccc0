using Culprit.Engine.Rules;

namespace Culprit.Server.Rules;

/// <summary>Where events of handlers and dead letters go.</summary>
internal interface ITriggerOutput
{
    /// <summary>Publishes what the handler of a firing made; of a replayed firing it is only shown, marked. A repeated id must not be published twice; an exception makes the call count as failed.</summary>
    Task PublishAsync(RuleFiring firing, IReadOnlyList<CustomEvent> events, CancellationToken cancellationToken);

    /// <summary>Keeps a firing that was handled in vain, for people to look at. Never one of a replay: it is not the event itself, whose letter has the same id.</summary>
    Task DeadLetterAsync(TriggerWork work, string reason, CancellationToken cancellationToken);
}
