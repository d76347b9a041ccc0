using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary><c>GET /events</c>, one event, its chain.</summary>
internal static class QueryEndpoints
{
    /// <summary>A query that takes longer is stopped and answered 504.</summary>
    private static readonly TimeSpan MaxQueryTime = TimeSpan.FromSeconds(30);

    private const string SearchDescription = """
        Records and derived events, newest first. `type` and `level` take several values, repeated or separated by commas.
        Without `type` the answer has records and derived events, but not the `log.error` views of error records; ask for
        `type=log.error` to see those. `level`, `trace_id` and `pattern` match records only;
        `pattern` also finds what is stored under ids that the pattern had before. `from` is inclusive, `to` exclusive.
        Pass `next_cursor` back as `cursor`, with the same filters, until it is null.
        """;

    public static void MapEventQueries(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/events", SearchAsync)
            .WithName("FindEvents").WithTags("Querying").WithSummary("Find events").WithDescription(SearchDescription)
            .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(504)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, EventFilterParser.QueryParameters));
        routes.MapGet("/events/{id}", FindAsync)
            .WithName("GetEvent").WithTags("Querying").WithSummary("One event by its id")
            .Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapGet("/events/{id}/chain", ChainAsync)
            .WithName("GetEventChain").WithTags("Querying").WithSummary("An event and what it follows from, effect first")
            .WithDescription("Follows meta.causation_id down to the log entries, and the error_ids of an anomaly. At most 200 events.")
            .Produces<object>(200, "application/json").ProducesProblem(404);
    }

    /// <summary>Runs a query under the time limit of all queries.</summary>
    public static async Task<IResult> LimitedAsync(HttpContext context, TimeProvider clock, Func<CancellationToken, Task<IResult>> query)
    {
        using var timeout = new CancellationTokenSource(MaxQueryTime, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, timeout.Token);
        try
        {
            return await query(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return new Problem(504, "too_slow", $"The query took longer than {MaxQueryTime.TotalSeconds} s; narrow it by time or service.");
        }
    }

    private static Task<IResult> SearchAsync(HttpContext context, EventSearch search, TimeProvider clock)
    {
        var (filter, problem) = EventFilterParser.Parse(context.Request.Query, EventFilterParser.QueryParameters);
        return problem is not null
            ? Task.FromResult<IResult>(problem)
            : LimitedAsync(context, clock, async token => new JsonAnswer(200, await search.FindAsync(filter, token).ConfigureAwait(false)));
    }

    private static Task<IResult> FindAsync(HttpContext context, string id, EventLookup lookup, TimeProvider clock) =>
        LimitedAsync(context, clock, async token => await lookup.FindAsync(id, token).ConfigureAwait(false) is { } found
            ? new JsonAnswer(200, found.Json)
            : Problem.NotFound($"There is no event {JsonText.Echo(id)}."));

    private static Task<IResult> ChainAsync(HttpContext context, string id, EventLookup lookup, TimeProvider clock) =>
        LimitedAsync(context, clock, async token => await lookup.FindChainAsync(id, token).ConfigureAwait(false) is { } chain
            ? new JsonAnswer(200, List("chain", chain.Select(c => c.Json)))
            : Problem.NotFound($"There is no event {JsonText.Echo(id)}."));

    /// <summary>One array of finished events under a name.</summary>
    public static ReadOnlyMemory<byte> List(string name, IEnumerable<ReadOnlyMemory<byte>> events) => Object(null, default, (name, events));

    /// <summary>One finished event and arrays of finished objects, each under a name.</summary>
    public static ReadOnlyMemory<byte> Object(
        string? oneName, ReadOnlyMemory<byte> one, params ReadOnlySpan<(string Name, IEnumerable<ReadOnlyMemory<byte>> Items)> arrays)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            if (oneName is not null)
            {
                json.WritePropertyName(oneName);
                json.WriteRawValue(one.Span, skipInputValidation: true);
            }

            foreach (var (name, items) in arrays)
            {
                json.WriteStartArray(name);
                foreach (var item in items)
                {
                    json.WriteRawValue(item.Span, skipInputValidation: true);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
