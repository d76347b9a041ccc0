using Culprit.Engine.Alerting;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Http;

namespace Culprit.Server.Alerting.People;

/// <summary>What people do about incidents: events beside the engine's, in one transaction with the alerts that tell of them.</summary>
internal sealed class IncidentDesk(IStateStore state, IncidentBook book, AlertPost post, SideOutput side, TimeProvider clock) : IDisposable
{
    // One at a time: of two people who acknowledge at once the second sees the first.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The incident in its new state, or why not.</summary>
    public async Task<(ReadOnlyMemory<byte> Incident, Problem? Problem)> ActAsync(
        string id, ActKind kind, string by, string? comment, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (book.Find(id) is not { } incident || !Caller.Sees(incident.Environment))
            {
                return (default, await NotOpenAsync(id, cancellationToken).ConfigureAwait(false));
            }

            if (incident.Act is { } act && (act.Kind == ActKind.Resolved || (act.Kind == kind && act.By == by)))
            {
                return act.Kind == kind ? (incident.StateJson, null) : (default, Over(id, $"{act.By} has resolved it"));
            }

            var events = IncidentEvents.Of(incident, new IncidentAct(kind, by, comment, clock.GetUtcNow()));
            var output = post.ToOutput(0, events) with { MustBeStored = true };

            // From here on to its end: whoever leaves meanwhile has acknowledged all the same.
            await side.StoreAsync(output, CancellationToken.None).ConfigureAwait(false);
            return (events[0].Json, null);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<Problem> NotOpenAsync(string id, CancellationToken cancellationToken)
    {
        var known = await state.FindAsync(new DerivedQuery { CorrelationId = id, Types = EventTypes.Incident, Limit = 1 }, cancellationToken).ConfigureAwait(false);
        return known.Count == 0 ? Problem.NotFound($"There is no incident {JsonText.Echo(id)}.") : Over(id, "it has ended");
    }

    private static Problem Over(string id, string why) =>
        new(StatusCodes.Status409Conflict, "incident_over", $"The incident {JsonText.Echo(id)} is not open: {why}.");
}
