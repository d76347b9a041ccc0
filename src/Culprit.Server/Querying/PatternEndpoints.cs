using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary><c>GET /patterns</c>: what the log records of a time look like, and how many there are of each kind.</summary>
internal static class PatternEndpoints
{
    private const string Description = """
        Patterns of log records, most frequent or newest first. `from` is rounded down and `to` up to whole minutes; without them: the
        last hour. Ids that have become one pattern count together, and any of them may be given as `pattern`. `records` is what is
        stored, `count` what was sent (more where records are sampled), `share` a pattern's part of all that was asked for. The counts
        of `patterns`, of `others` (not on this page) and of `unassigned` records add up to the `count` and `records` of the answer.
        Pass `next_cursor` back as `cursor`, with the same filters and `sort`, until it is null; all pages are of the first one's time.
        """;

    private static readonly IReadOnlyList<string> Parameters =
        ["service", "environment", "level", "text", "pattern", "from", "to", "sort", "limit", "cursor"];

    public static void MapPatterns(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/patterns", FindAsync)
            .WithName("FindPatterns").WithTags("Querying").WithSummary("Patterns of log records").WithDescription(Description)
            .Produces<object>(200, "application/json").ProducesProblem(400).ProducesProblem(422).ProducesProblem(504)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, Parameters));

    private static Task<IResult> FindAsync(
        HttpContext context, PatternSearch search, PatternNames names, EventJsonWriter writer, TimeProvider clock)
    {
        var query = context.Request.Query;
        var (filter, problem) = EventFilterParser.Parse(
            new QueryCollection(query.Where(p => p.Key is not ("sort" or "cursor")).ToDictionary(p => p.Key, p => p.Value)), Parameters);
        var (from, to) = filter.TimesUntil(clock.GetUtcNow());
        string? sort = query["sort"];
        problem ??= sort is null or "count" or "last_seen"
            ? from < to ? null : Problem.BadParameter("from", "from must be before to.")
            : Problem.BadParameter("sort", $"sort {JsonText.Echo(sort)} is not one of count, last_seen.");
        var start = new PatternCursor(filter.Fingerprint, sort == "last_seen", from, to, long.MaxValue, 0);
        if (problem is null && (string?)query["cursor"] is { } text)
        {
            problem = Read(text, ref start);
        }

        return problem is not null
            ? Task.FromResult<IResult>(problem)
            : QueryEndpoints.LimitedAsync(context, clock, async token =>
            {
                try
                {
                    var page = await search.FindAsync(filter, start, token).ConfigureAwait(false);
                    return new JsonAnswer(200, Render(page, names, writer));
                }
                catch (TooManyGroupsException)
                {
                    return new Problem(
                        422, "too_many_groups", "There are too many patterns to count; ask for a shorter time, a service or a level.");
                }
            });
    }

    private static Problem? Read(string text, ref PatternCursor start)
    {
        if (!PatternCursor.TryDecode(text, out var cursor))
        {
            return Problem.BadParameter("cursor", $"cursor {JsonText.Echo(text)} is not a next_cursor of this server.");
        }

        if (cursor.Query != start.Query || cursor.NewestFirst != start.NewestFirst)
        {
            return Problem.BadParameter(
                "cursor", "This cursor belongs to a query with other filters; repeat the filters and the order it came from.");
        }

        start = cursor;
        return null;
    }

    private static ReadOnlyMemory<byte> Render(PatternPage page, PatternNames names, EventJsonWriter writer)
    {
        var all = page.Patterns.Concat(page.Others).Append(page.Unassigned).ToList();
        var count = all.Sum(p => p.Count);
        var body = new ArrayBufferWriter<byte>(1024 + (1024 * page.Patterns.Count));
        using (var json = new Utf8JsonWriter(body, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            json.WriteString("from", TimestampParser.Format(page.FromNanos));
            json.WriteString("to", TimestampParser.Format(page.ToNanos));
            json.WriteNumber("count", count);
            json.WriteNumber("records", all.Sum(p => p.Records));
            json.WriteStartArray("patterns");
            foreach (var pattern in page.Patterns)
            {
                Write(json, pattern, names.TextOf(pattern.Id), (double)pattern.Count / count, writer);
            }

            json.WriteEndArray();
            json.WriteStartObject("others");
            json.WriteNumber("patterns", page.Others.Count);
            json.WriteNumber("count", page.Others.Sum(p => p.Count));
            json.WriteNumber("records", page.Others.Sum(p => p.Records));
            json.WriteEndObject();
            json.WriteStartObject("unassigned");
            json.WriteNumber("count", page.Unassigned.Count);
            json.WriteNumber("records", page.Unassigned.Records);
            json.WriteEndObject();
            json.WriteString("next_cursor", page.Next?.Encode());
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, FoundPattern pattern, string? text, double share, EventJsonWriter writer)
    {
        json.WriteStartObject();
        json.WriteString("id", pattern.Id.ToString());
        text ??= PatternText.Of([.. pattern.Newest, .. pattern.Oldest]);
        json.WriteString("text", text is null ? null : TextCut.Fit(text, NamedAlias.MaxTextLength));
        json.WriteNumber("count", pattern.Count);
        json.WriteNumber("records", pattern.Records);
        json.WriteNumber("share", Math.Round(share, 6));
        WriteTime(json, "first_seen", pattern.Oldest);
        WriteTime(json, "last_seen", pattern.Newest);
        json.WriteStartObject("levels");
        foreach (var (level, records) in pattern.Levels)
        {
            json.WriteNumber(level.ToWire(), records);
        }

        json.WriteEndObject();
        json.WriteStartArray("services");
        foreach (var (service, records) in pattern.Services)
        {
            json.WriteStartObject();
            json.WriteString("service", service);
            json.WriteNumber("count", records);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("sample");
        if (pattern.Newest is [var newest, ..])
        {
            writer.Write(json, newest);
        }
        else
        {
            json.WriteNullValue(); // It went, with its age, while the question was answered.
        }

        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, IReadOnlyList<StoredRecord> records)
    {
        if (records is [var first, ..])
        {
            json.WriteString(name, TimestampParser.Format(first.TimestampNanos));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
