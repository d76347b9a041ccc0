using System.Buffers;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;
using Culprit.Server.Querying;

namespace Culprit.Server.Replaying;

/// <summary><c>POST /events/replay</c>: one replay at a time, told line by line.</summary>
internal static class ReplayEndpoints
{
    private const int MaxBodyBytes = 16 * 1024;

    private const string Description = """
        Plays the stored records of a time range (`from`, `to`, `service`, `environment`) through a fresh engine in event time.
        The answer is NDJSON: {"event":…} for each event that follows (of `types`, if given), {"progress":{"records","at"}} now
        and then, {"done":{…}} at the end. `mode` is `dry_run` (default) or `live`: then subscribers see records and events,
        marked meta.replayed. Nothing is stored or counted; alerts go out and handlers are called only with `alert`. Closing the connection stops it.
        """;

    public static void AddReplay(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ReplayEcho>();
        builder.Services.AddSingleton<ReplayRun>();
        builder.Services.AddSingleton<ReplayTurn>();
    }

    public static void MapReplay(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/events/replay", ReplayAsync).WithMetadata(new AuditedRoute()).WithMetadata(new NeedsEngine()).WithName("ReplayEvents").WithTags("Replay").WithSummary("Play stored records again")
            .WithDescription(Description).Produces<object>(200, "application/x-ndjson").ProducesProblem(400).ProducesProblem(409);

    private static async Task<IResult> ReplayAsync(
        HttpContext context, ReplayRun run, ReplayTurn turn, TimeProvider clock, IHostApplicationLifetime lifetime)
    {
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted).ConfigureAwait(false)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxBodyBytes)
            {
                return new Problem(413, "body_too_large", $"The body has more than {MaxBodyBytes} bytes.");
            }
        }

        var (request, problem) = ReplayRequest.Read(body.ToArray());
        problem ??= request!.UnknownType(run.Types);
        if (problem is not null)
        {
            return problem;
        }

        if (!turn.TryTake())
        {
            return new Problem(409, "replay_running", "A replay is running; there can be one at a time.");
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.StartAsync(ended.Token).ConfigureAwait(false);
            await context.Response.BodyWriter.FlushAsync(ended.Token).ConfigureAwait(false); // Accepted, however long the first event takes.
            await TellAsync(context, run, request!, clock, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // Stopped by its reader or by the end of the server; the missing "done" tells.
        }
        finally
        {
            turn.GiveBack();
        }

        return Results.Empty;
    }

    private static async Task TellAsync(HttpContext context, ReplayRun run, ReplayRequest request, TimeProvider clock, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var output = context.Response.BodyWriter;
        var toldAt = clock.GetTimestamp();
        var played = await run.PlayAsync(
            request,
            async (events, records, at) =>
            {
                foreach (var made in events)
                {
                    counts[made.Type] = counts.GetValueOrDefault(made.Type) + 1;
                    WriteLine(output, json =>
                    {
                        json.WritePropertyName("event");
                        json.WriteRawValue(made.Json.Span, skipInputValidation: true);
                    });
                }

                if (events.Count > 0 || clock.GetElapsedTime(toldAt) >= TimeSpan.FromSeconds(1))
                {
                    toldAt = clock.GetTimestamp();
                    WriteLine(output, json => WriteProgress(json, records, at));
                    await output.FlushAsync(cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
        WriteLine(output, json => WriteDone(json, request, played, counts));
        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void WriteProgress(Utf8JsonWriter json, long records, long at)
    {
        json.WriteStartObject("progress");
        json.WriteNumber("records", records);
        json.WriteString("at", TimestampParser.Format(at));
        json.WriteEndObject();
    }

    private static void WriteDone(Utf8JsonWriter json, ReplayRequest request, long played, SortedDictionary<string, long> counts)
    {
        json.WriteStartObject("done");
        json.WriteString("mode", request.IsLive ? "live" : "dry_run");
        json.WriteNumber("records", played);
        json.WriteStartObject("events");
        foreach (var (type, count) in counts)
        {
            json.WriteNumber(type, count);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteLine(IBufferWriter<byte> output, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(output, EventJsonWriter.Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }
}
