using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Publishing;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary><c>/incidents</c> and <c>/summaries</c>: reads of the derived events that carry them.</summary>
internal static class IncidentEndpoints
{
    // Newest events looked at to find the newest state of each incident.
    private const int MaxEventsRead = 10_000;

    private static readonly string[] IncidentParameters = ["state", "service", "environment", "from", "to", "limit"];
    private static readonly string[] SummaryParameters = ["environment", "from", "to", "order", "limit"];

    public static void MapIncidents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/incidents", ListAsync)
            .WithName("ListIncidents").WithTags("Querying").WithSummary("Incidents in their newest state, newest first")
            .Produces<object>(200, "application/json").ProducesProblem(400)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, IncidentParameters));
        routes.MapGet("/incidents/{id}", FindAsync)
            .WithName("GetIncident").WithTags("Querying").WithSummary("One incident: its newest state, every event of its life, and what became of its alerts")
            .Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapGet("/summaries", SummariesAsync)
            .WithName("ListSummaries").WithTags("Querying").WithSummary("Periodic log.summary events")
            .Produces<object>(200, "application/json").ProducesProblem(400)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, SummaryParameters));
    }

    private static Task<IResult> ListAsync(HttpContext context, IStateStore state, TimeProvider clock)
    {
        var (filter, problem) = EventFilterParser.Parse(context.Request.Query, IncidentParameters);
        return problem is not null
            ? Task.FromResult<IResult>(problem)
            : QueryEndpoints.LimitedAsync(context, clock, async token =>
            {
                var newest = await NewestStatesAsync(state, filter, token).ConfigureAwait(false);
                return new JsonAnswer(200, QueryEndpoints.List("incidents", newest.Select(e => e.Json)));
            });
    }

    /// <summary>The newest state of each incident that the filter asks for, newest first.</summary>
    internal static async Task<List<DerivedEvent>> NewestStatesAsync(IStateStore state, EventFilter filter, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, DerivedRow>(StringComparer.Ordinal);
        (long, long)? after = null;
        for (var read = 0; read < MaxEventsRead; read += EventFilterParser.MaxLimit)
        {
            var rows = await state.FindAsync(ToQuery(filter, EventTypes.Incident) with { Limit = EventFilterParser.MaxLimit, After = after }, cancellationToken)
                .ConfigureAwait(false);
            foreach (var row in rows)
            {
                // Event time orders the reading, the order of writing tells the newest state.
                if (row.Event.CorrelationId is { } incident
                    && (!newest.TryGetValue(incident, out var known) || row.Row > known.Row))
                {
                    newest[incident] = row;
                }
            }

            if (rows.Count < EventFilterParser.MaxLimit || newest.Values.Count(Matches) > filter.Limit)
            {
                break;
            }

            after = (rows[^1].Event.TimestampNanos, rows[^1].Row);
        }

        return [.. newest.Values.Where(Matches).OrderByDescending(r => r.Event.TimestampNanos).ThenByDescending(r => r.Row)
            .Take(filter.Limit).Select(r => r.Event)];

        bool Matches(DerivedRow row) => filter.State is null || StateOf(row.Event) == filter.State;
    }

    private static string? StateOf(DerivedEvent incident)
    {
        using var json = JsonDocument.Parse(incident.Json);
        return json.RootElement.TryGetProperty("state", out var state) ? state.GetString() : null;
    }

    private static Task<IResult> FindAsync(HttpContext context, string id, IStateStore state, TimeProvider clock) =>
        QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            var rows = await state.FindAsync(
                new DerivedQuery { CorrelationId = id, Limit = EventFilterParser.MaxLimit }, token).ConfigureAwait(false);
            var newest = rows.Where(r => EventTypes.Incident.Contains(r.Event.Type)).MaxBy(r => r.Row);
            return newest is null
                ? Problem.NotFound($"There is no incident {JsonText.Echo(id)}.")
                : new JsonAnswer(200, QueryEndpoints.Object(
                    "incident",
                    newest.Event.Json,
                    ("events", rows.OrderBy(r => r.Row).Select(r => r.Event.Json)),
                    ("deliveries", (await state.FindDeliveriesAsync(id, token).ConfigureAwait(false)).Select(DeliveryJson.Render))));
        });

    private static Task<IResult> SummariesAsync(HttpContext context, IStateStore state, TimeProvider clock)
    {
        var (filter, problem) = EventFilterParser.Parse(context.Request.Query, SummaryParameters);
        return problem is not null
            ? Task.FromResult<IResult>(problem)
            : QueryEndpoints.LimitedAsync(context, clock, async token =>
            {
                var rows = await state.FindAsync(ToQuery(filter, [EventTypes.Summary]), token).ConfigureAwait(false);
                return new JsonAnswer(200, QueryEndpoints.List("summaries", rows.Select(r => r.Event.Json)));
            });
    }

    private static DerivedQuery ToQuery(EventFilter filter, IReadOnlyList<string> types) => new()
    {
        Types = types,
        Service = filter.Service,
        Environment = filter.Environment,
        FromNanos = filter.FromNanos,
        ToNanos = filter.ToNanos,
        OldestFirst = filter.OldestFirst,
        Limit = filter.Limit,
    };
}
