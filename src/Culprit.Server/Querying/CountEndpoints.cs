using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Http;
using Microsoft.Extensions.Primitives;

namespace Culprit.Server.Querying;

/// <summary><c>GET /events/counts</c>: how many records there are, by time and by what they have in common.</summary>
internal static class CountEndpoints
{
    private const string Description = """
        Records counted in spans of `interval` seconds, split by the fields named in `by`; spans and groups without records are left out.
        `from` is rounded down and `to` up to whole spans, which begin at multiples of the interval since 1970 UTC. Without them: the
        last hour. `records` is what is stored, `count` what was sent (more where records are sampled). Filters are those of GET /events;
        with only `service`, `environment`, `level`, `type` and `pattern`, and an interval of whole minutes, the answer comes from kept
        counts. Both ways give the same numbers.
        """;

    private const int MaxSpans = 50_000;
    private const long MaxIntervalSeconds = 31 * 24 * 3600;

    private static readonly IReadOnlyList<string> Parameters = [.. EventFilterParser.StreamParameters, "pattern", "from", "to", "by", "interval"];

    public static void MapCounts(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/events/counts", CountAsync)
            .WithName("CountEvents").WithTags("Querying").WithSummary("Count records").WithDescription(Description)
            .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(422).ProducesProblem(504)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, Parameters));

    private static Task<IResult> CountAsync(HttpContext context, IRecordStore records, PatternNames names, TimeProvider clock) =>
        QueryEndpoints.LimitedAsync(context, clock, async token =>
        {
            await names.RefreshAsync(token).ConfigureAwait(false);
            var (query, problem) = Parse(context.Request.Query, clock.GetUtcNow(), names);
            if (query is null)
            {
                return problem!;
            }

            try
            {
                return new JsonAnswer(200, Render(query, Merge(await records.CountAsync(query, token).ConfigureAwait(false), names)));
            }
            catch (TooManyGroupsException e)
            {
                return new Problem(422, "too_many_groups", e.Message);
            }
        });

    /// <summary>Groups whose patterns have become one are one group.</summary>
    private static IReadOnlyList<CountRow> Merge(IReadOnlyList<CountRow> rows, PatternNames names) => rows.All(r => r.Pattern is null)
        ? rows
        : [.. rows
            .GroupBy(r => r with { Pattern = r.Pattern is { } pattern ? names.Resolve(pattern) : null, Records = 0, Count = 0 })
            .Select(g => g.Key with { Records = g.Sum(r => r.Records), Count = g.Sum(r => r.Count) })];

    private static (CountQuery? Query, Problem? Problem) Parse(IQueryCollection query, DateTimeOffset now, PatternNames names)
    {
        string[] own = ["by", "interval"];
        var (filter, problem) = EventFilterParser.Parse(
            new QueryCollection(query.Where(p => !own.Contains(p.Key)).ToDictionary(p => p.Key, p => p.Value)), Parameters);
        problem ??= filter.Types?.Contains(EventTypes.Error) == true
            ? Problem.BadParameter("type", "log.error is a view of log.entry and not counted; ask for type=log.entry with level=error,fatal.")
            : null;
        var (by, byProblem) = ParseBy(query["by"]);
        var (interval, intervalProblem) = ParseInterval(query["interval"]);
        if ((problem ?? byProblem ?? intervalProblem) is { } first)
        {
            return (null, first);
        }

        var (from, to) = filter.TimesUntil(now);
        var spans = (Int128)to - from;
        if (spans <= 0 || spans / interval > MaxSpans)
        {
            return (null, Problem.BadParameter(
                "from", $"from and to must be in order and at most {MaxSpans} intervals apart; ask for a longer interval or a shorter time."));
        }

        var where = new RecordQuery
        {
            Types = filter.Types,
            Service = filter.Service,
            Environment = filter.Environment,
            Levels = filter.Levels,
            Text = filter.Text,
            TraceId = filter.TraceId,
            CorrelationId = filter.CorrelationId,
            Patterns = filter.Pattern is { } pattern ? names.IdsOf(pattern) : null,
        };
        return (new CountQuery(where, interval, by).Around(from, to), null);
    }

    private static (CountBy By, Problem? Problem) ParseBy(StringValues values)
    {
        var by = CountBy.None;
        foreach (var word in values.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Enum.TryParse<CountBy>(word, ignoreCase: true, out var one) || one == CountBy.None || !char.IsAsciiLetterLower(word[0]))
            {
                return (by, Problem.BadParameter(
                    "by", $"by {JsonText.Echo(word)} is not one of service, level, environment, type, pattern."));
            }

            by |= one;
        }

        return (by, null);
    }

    private static (long Nanos, Problem? Problem) ParseInterval(StringValues values)
    {
        if (values.Count == 0)
        {
            return (60 * UnixNanos.PerSecond, null);
        }

        var text = values.ToString();
        var factor = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 24 * 3600, _ => 0 };
        return long.TryParse(factor == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number is >= 1 and <= MaxIntervalSeconds
            && number * Math.Max(1, factor) <= MaxIntervalSeconds
            ? (number * Math.Max(1, factor) * UnixNanos.PerSecond, null)
            : (0, Problem.BadParameter("interval", $"interval {JsonText.Echo(text)} is not a time from 1s to 31d, such as 60s, 5m, 1h, 1d."));
    }

    private static ReadOnlyMemory<byte> Render(CountQuery query, IReadOnlyList<CountRow> rows)
    {
        var body = new ArrayBufferWriter<byte>(256 + (128 * rows.Count));
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("from", TimestampParser.Format(query.Where.FromNanos));
            json.WriteString("to", TimestampParser.Format(query.Where.ToNanos));
            json.WriteNumber("interval", query.IntervalNanos / UnixNanos.PerSecond);
            json.WriteNumber("count", rows.Sum(r => r.Count));
            json.WriteNumber("records", rows.Sum(r => r.Records));
            json.WriteStartArray("counts");
            foreach (var row in rows)
            {
                Write(json, row);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, CountRow row)
    {
        json.WriteStartObject();
        json.WriteString("at", TimestampParser.Format(row.StartNanos));
        foreach (var (name, value) in new[]
        {
            ("service", row.Service), ("environment", row.Environment), ("level", row.Level?.ToWire()), ("type", row.Type),
            ("pattern", row.Pattern is { IsNone: false } pattern ? pattern.ToString() : null),
        })
        {
            if (value is not null)
            {
                json.WriteString(name, value);
            }
        }

        json.WriteNumber("count", row.Count);
        json.WriteNumber("records", row.Records);
        json.WriteEndObject();
    }
}
