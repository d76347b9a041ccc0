using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;
using Culprit.Server.Replaying;

namespace Culprit.Server.Rules;

/// <summary>Stores what handlers publish beside the engine's own events, and shows it to live readers.</summary>
internal sealed class StoredTriggerOutput(IStateStore state, EventHub hub, TimeProvider clock) : ITriggerOutput
{
    public async Task PublishAsync(RuleFiring firing, IReadOnlyList<CustomEvent> events, CancellationToken cancellationToken)
    {
        if (firing.IsReplayed)
        {
            foreach (var made in events.Select(e => e.ToDerived()))
            {
                hub.Publish(made with { Json = ReplayMark.On(made.Json) });
            }

            return;
        }

        // Position 0: the engine's own never moves back, and a handler covers none of the journal.
        var output = new EngineOutput(0, [.. events.Select(e => e.ToDerived())], []);
        foreach (var added in await state.ApplyAsync(output, cancellationToken).ConfigureAwait(false))
        {
            hub.Publish(added);
        }
    }

    public Task DeadLetterAsync(TriggerWork work, string reason, CancellationToken cancellationToken) =>
        state.AddDeadLetterAsync(
            new DeadLetter(
                $"{work.Firing.Id}:{work.Firing.Rule.Call}",
                clock.GetUtcNow(),
                $"Handler {work.Firing.Rule.Call} of rule {work.Firing.Rule.Name}: {reason}",
                work.Firing.ToEvent().Json)
            {
                Kind = DeadLetterKinds.Handler,
                Tries = work.Attempt,
                EventId = work.Firing.Id,
            },
            cancellationToken);
}
