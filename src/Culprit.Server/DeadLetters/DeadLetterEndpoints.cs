using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.DeadLetters;

/// <summary><c>/events/dlq</c>: list, look at, try again, drop.</summary>
internal static class DeadLetterEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;
    private const string Cursor = "cursor";

    private static readonly string[] Parameters = ["kind", "text", "limit", Cursor];

    public static void AddDeadLetters(this WebApplicationBuilder builder) => builder.Services.AddSingleton<DeadLetterDesk>();

    public static void MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/events/dlq", ListAsync).WithName("ListDeadLetters").WithTags("Dead letters")
            .WithSummary("What was tried in vain, newest first")
            .WithDescription("Filters: kind (decoder, engine, alert, handler), text (part of the reason); limit 1 to 1000; cursor from next_cursor.")
            .Produces<object>(200, "application/json").ProducesProblem(400);
        routes.MapGet("/events/dlq/{id}", ShowAsync).WithName("GetDeadLetter").WithTags("Dead letters").WithSummary("One dead letter with what was sent")
            .Produces<object>(200, "application/json").ProducesProblem(404);
        routes.MapPost("/events/dlq/{id}/retry", RetryAsync).WithMetadata(new AuditedRoute()).WithName("RetryDeadLetter").WithTags("Dead letters")
            .WithSummary("Puts an event through the engine again, or an alert back into the outbox")
            .Produces<object>(200, "application/json").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        routes.MapPost("/events/dlq/retry", RetryAllAsync).WithMetadata(new AuditedRoute()).WithName("RetryDeadLetters").WithTags("Dead letters")
            .WithSummary("Tries all that can be tried again, at most 1000 a call").WithDescription("Filters as in the list.")
            .Produces<object>(200, "application/json").ProducesProblem(400);
        routes.MapDelete("/events/dlq/{id}", DropAsync).WithMetadata(new AuditedRoute()).WithName("DropDeadLetter").WithTags("Dead letters").WithSummary("Drops a dead letter")
            .Produces(204).ProducesProblem(404);
    }

    private static Task<IResult> ListAsync(HttpContext context, IDeadLetterStore letters, TimeProvider clock)
    {
        var (query, problem) = Read(context.Request.Query, DefaultLimit);
        return problem is not null
            ? Task.FromResult<IResult>(problem)
            : QueryEndpoints.LimitedAsync(context, clock, async token =>
            {
                var found = await letters.FindAsync(query! with { Limit = query.Limit + 1 }, token).ConfigureAwait(false);
                var page = found.Take(query.Limit).ToList();
                return Json(json =>
                {
                    json.WriteStartArray("dead_letters");
                    page.ForEach(l => Write(json, l, withRaw: false));
                    json.WriteEndArray();
                    json.WriteString("next_cursor", found.Count > page.Count ? page[^1].Row.ToString(CultureInfo.InvariantCulture) : null);
                });
            });
    }

    private static async Task<IResult> ShowAsync(string id, IDeadLetterStore letters, CancellationToken cancellationToken) =>
        await letters.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } letter
            ? Json(json => WriteFields(json, letter, withRaw: true))
            : DeadLetterDesk.NotThere(id);

    private static async Task<IResult> RetryAsync(string id, DeadLetterDesk desk, CancellationToken cancellationToken) =>
        await desk.RetryAsync(id, cancellationToken).ConfigureAwait(false) is { } problem
            ? problem
            : Json(json =>
            {
                json.WriteString("id", id);
                json.WriteString("status", "retried");
            });

    private static async Task<IResult> RetryAllAsync(
        HttpContext context, IDeadLetterStore letters, DeadLetterDesk desk, CancellationToken cancellationToken)
    {
        var (query, problem) = Read(context.Request.Query, MaxLimit);
        if (problem is not null)
        {
            return problem;
        }

        var retried = 0;
        var failed = new List<(string Id, Problem Problem)>();
        foreach (var letter in (await letters.FindAsync(query!, cancellationToken).ConfigureAwait(false)).Where(DeadLetterDesk.IsRetriable).Reverse())
        {
            if (await desk.RetryAsync(letter.Id, cancellationToken).ConfigureAwait(false) is { } failure)
            {
                failed.Add((letter.Id, failure));
            }
            else
            {
                retried++;
            }
        }

        return Json(json =>
        {
            json.WriteNumber("retried", retried);
            json.WriteStartArray("failed");
            foreach (var (id, failure) in failed)
            {
                json.WriteStartObject();
                json.WriteString("id", id);
                json.WriteString("code", failure.Code);
                json.WriteString("detail", failure.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static async Task<IResult> DropAsync(string id, IDeadLetterStore letters, CancellationToken cancellationToken) =>
        await letters.DropAsync(id, cancellationToken).ConfigureAwait(false) ? TypedResults.NoContent() : DeadLetterDesk.NotThere(id);

    private static (DeadLetterQuery? Query, Problem? Problem) Read(IQueryCollection values, int limit)
    {
        if (values.Keys.FirstOrDefault(k => !Parameters.Contains(k, StringComparer.Ordinal)) is { } unknown)
        {
            return (null, Problem.BadParameter(unknown, $"Unknown parameter {JsonText.Echo(unknown)}; allowed are {string.Join(", ", Parameters)}."));
        }

        var kind = Value(values, "kind");
        if (kind is not null && !DeadLetterKinds.All.Contains(kind))
        {
            return (null, Problem.BadParameter("kind", $"kind {JsonText.Echo(kind)} is not one of {string.Join(", ", DeadLetterKinds.All)}."));
        }

        if (Value(values, "limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            return (null, Problem.BadParameter("limit", $"limit {JsonText.Echo(text)} is not a number from 1 to {MaxLimit}."));
        }

        long? before = null;
        if (Value(values, Cursor) is { } cursor)
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var row))
            {
                return (null, Problem.BadParameter(Cursor, $"cursor {JsonText.Echo(cursor)} is not a next_cursor of this server."));
            }

            before = row;
        }

        return (new DeadLetterQuery(limit, kind, Value(values, "text"), before), null);
    }

    private static string? Value(IQueryCollection values, string name) => values.TryGetValue(name, out var value) ? value.ToString() : null;

    private static JsonAnswer Json(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return new JsonAnswer(StatusCodes.Status200OK, body.WrittenMemory);
    }

    private static void Write(Utf8JsonWriter json, DeadLetter letter, bool withRaw)
    {
        json.WriteStartObject();
        WriteFields(json, letter, withRaw);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, DeadLetter letter, bool withRaw)
    {
        json.WriteString("id", letter.Id);
        json.WriteString("kind", letter.Kind);
        json.WriteString("at", letter.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        json.WriteString("reason", letter.Reason);
        json.WriteNumber("tries", letter.Tries);
        json.WriteString("decoder", letter.Decoder);
        json.WriteString("event_id", letter.EventId);
        json.WriteBoolean("retriable", DeadLetterDesk.IsRetriable(letter));
        json.WriteNumber("raw_bytes", letter.Raw.Length);
        if (withRaw)
        {
            json.WriteString("raw", Encoding.UTF8.GetString(letter.Raw.Span));
        }
    }
}
