using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Delivery;

/// <summary>Alerts for sinks that the configuration no longer has: dead letters, so that they do not vanish.</summary>
/// <param name="configured">Names of the sinks that there are.</param>
internal sealed class RemovedSinks(IReadOnlySet<string> configured, IStateStore state, Surrender surrender) : IAlertLane
{
    private const int BatchSize = 50;

    public string Name => "removed sinks";

    public async Task<TimeSpan?> ServeAsync(CancellationToken cancellationToken)
    {
        var sinks = await state.WaitingSinksAsync(cancellationToken).ConfigureAwait(false);
        foreach (var sink in sinks.Where(s => !configured.Contains(s)))
        {
            while (await state.DueAlertsAsync(sink, DateTimeOffset.MaxValue, BatchSize, cancellationToken).ConfigureAwait(false) is { Count: > 0 } left)
            {
                foreach (var alert in left)
                {
                    await surrender.GiveUpAsync(alert, "the configuration has no such sink any more").ConfigureAwait(false);
                }
            }
        }

        return null;
    }
}
