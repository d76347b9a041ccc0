using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.People;

/// <summary>Reads which incidents are open, and what people did about them, before anything else starts.</summary>
internal sealed class IncidentBookLoader(IStateStore state, IncidentBook book) : IHostedLifecycleService
{
    // Newest states that are looked through; an incident that has been open for longer is found again at its next state.
    private const int MaxStates = 50_000;
    private const int PageSize = 1000;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var incident in await OpenIncidentsAsync(cancellationToken).ConfigureAwait(false))
        {
            var rows = new List<DerivedRow>();
            var query = new DerivedQuery { CorrelationId = incident, Limit = PageSize };
            while (await state.FindAsync(query, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
            {
                rows.AddRange(page);
                query = query with { After = (page[^1].Event.TimestampNanos, page[^1].Row) };
            }

            book.Add(rows.OrderBy(r => r.Row).Select(r => r.Event));
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<IEnumerable<string>> OpenIncidentsAsync(CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, DerivedRow>(StringComparer.Ordinal);
        var query = new DerivedQuery { Types = EventTypes.Incident, Limit = PageSize };
        for (var read = 0; read < MaxStates; read += PageSize)
        {
            var page = await state.FindAsync(query, cancellationToken).ConfigureAwait(false);
            foreach (var row in page.Where(r => r.Event.CorrelationId is { } id && (!newest.TryGetValue(id, out var known) || r.Row > known.Row)))
            {
                newest[row.Event.CorrelationId!] = row;
            }

            if (page.Count < PageSize)
            {
                break;
            }

            query = query with { After = (page[^1].Event.TimestampNanos, page[^1].Row) };
        }

        return newest.Where(n => IsOpenToTheEngine(n.Value.Event)).Select(n => n.Key);
    }

    /// <summary>Also what people resolved, until the engine finds the same.</summary>
    private static bool IsOpenToTheEngine(DerivedEvent state) =>
        state.Type != EventTypes.IncidentResolved || state.Json.Span.IndexOf("\"resolved_by\""u8) >= 0;
}
