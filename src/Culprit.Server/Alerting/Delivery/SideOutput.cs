using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Stores events that are made beside the engine, with their alerts, and tells whoever waits for such: people's views, live subscribers, the lanes.</summary>
/// <remarks>They are stored at position 0, because the engine's own never moves back.</remarks>
internal sealed class SideOutput(IStateStore state, AlertPost post, EventHub hub, AlertSignal signal)
{
    public async Task StoreAsync(EngineOutput output, CancellationToken cancellationToken)
    {
        var added = await state.ApplyAsync(output, cancellationToken).ConfigureAwait(false);
        post.Stored(added);
        foreach (var stored in added)
        {
            hub.Publish(stored);
        }

        signal.Wake();
    }
}
