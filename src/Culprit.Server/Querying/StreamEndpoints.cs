using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.HighAvailability;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary><c>GET /events/stream</c>: live events as server-sent events.</summary>
internal static class StreamEndpoints
{
    private const string Description = """
        Server-sent events, one JSON event each, as unnamed messages. Derived events carry their id, so a browser that
        reconnects (Last-Event-ID) gets the ones it missed; records carry none and are not repeated. Without `type` all
        records and derived events come, but not the `log.error` views. A reader that is too slow gets a message named
        `dropped` with the number of lost events. A comment comes every 15 seconds when nothing else does.
        """;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // Event time and order of writing differ by the lateness that detection allows; this covers it with room.
    private static readonly long ResumeSpan = UnixNanos.From(TimeSpan.FromHours(1));

    public static void MapEventStream(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/events/stream", StreamAsync)
            .WithMetadata(new StreamingRoute())
            .WithMetadata(new NeedsEngine()).WithName("StreamEvents").WithTags("Querying").WithSummary("Live events (SSE)").WithDescription(Description)
            .Produces<string>(200, "text/event-stream").ProducesProblem(400).ProducesProblem(503)
            .AddOpenApiOperationTransformer((operation, _, _) => ApiParameters.DescribeAsync(operation, EventFilterParser.StreamParameters));

    private static async Task<IResult> StreamAsync(
        HttpContext context, EventHub hub, IStateStore state, TimeProvider clock, IHostApplicationLifetime lifetime)
    {
        var (filter, problem) = EventFilterParser.Parse(context.Request.Query, EventFilterParser.StreamParameters);
        if (problem is not null)
        {
            return problem;
        }

        using var subscription = hub.Subscribe(filter);
        if (subscription is null)
        {
            return new Problem(503, "too_many_streams", $"There are {EventHub.MaxSubscribers} streams already.")
            {
                RetryAfter = TimeSpan.FromSeconds(10),
            };
        }

        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            var output = context.Response.BodyWriter;
            output.Write("retry: 2000\n: connected\n\n"u8);
            await output.FlushAsync(ended.Token).ConfigureAwait(false);

            var sent = await ResumeAsync(output, subscription, state, context.Request.Headers["Last-Event-ID"].ToString(), ended.Token)
                .ConfigureAwait(false);
            await PumpAsync(output, subscription, sent, clock, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The reader left, or the server stops: both end a stream.
        }

        return Results.Empty;
    }

    /// <summary>Sends the derived events written after the one the reader saw last; returns their ids.</summary>
    private static async Task<HashSet<string>> ResumeAsync(
        PipeWriter output, Subscription subscription, IStateStore state, string lastId, CancellationToken cancellationToken)
    {
        var sent = new HashSet<string>(StringComparer.Ordinal);
        if (lastId.Length == 0 || await state.FindByIdAsync(lastId, cancellationToken).ConfigureAwait(false) is not { } last)
        {
            return sent;
        }

        var since = await ReadSinceAsync(state, last.TimestampNanos - ResumeSpan, cancellationToken).ConfigureAwait(false);
        var lastRow = since.Find(r => r.Event.Id == lastId)?.Row ?? long.MaxValue;
        foreach (var row in since.Where(r => r.Row > lastRow).OrderBy(r => r.Row))
        {
            sent.Add(row.Event.Id);
            if (subscription.Filter.Matches(row.Event))
            {
                Write(output, new LiveEvent(row.Event.Id, row.Event.Json));
            }
        }

        await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        return sent;
    }

    private static async Task<List<DerivedRow>> ReadSinceAsync(IStateStore state, long fromNanos, CancellationToken cancellationToken)
    {
        const int maxPages = 10;
        var all = new List<DerivedRow>();
        (long, long)? after = null;
        for (var page = 0; page < maxPages; page++)
        {
            var rows = await state.FindAsync(
                new DerivedQuery { FromNanos = fromNanos, OldestFirst = true, Limit = EventFilterParser.MaxLimit, After = after },
                cancellationToken).ConfigureAwait(false);
            all.AddRange(rows);
            if (rows.Count < EventFilterParser.MaxLimit)
            {
                break;
            }

            after = (rows[^1].Event.TimestampNanos, rows[^1].Row);
        }

        return all;
    }

    private static async Task PumpAsync(
        PipeWriter output, Subscription subscription, HashSet<string> sent, TimeProvider clock, CancellationToken cancellationToken)
    {
        var more = subscription.Reader.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            using (var beat = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                var idle = Task.Delay(Heartbeat, clock, beat.Token);
                if (await Task.WhenAny(more, idle).ConfigureAwait(false) == more)
                {
                    await beat.CancelAsync().ConfigureAwait(false);
                    await more.ConfigureAwait(false);
                    while (subscription.Reader.TryRead(out var live))
                    {
                        // Published while the missed ones were read: sent already.
                        if (live.DerivedId is null || !sent.Remove(live.DerivedId))
                        {
                            Write(output, live);
                        }
                    }

                    more = subscription.Reader.WaitToReadAsync(cancellationToken).AsTask();
                }
                else
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    output.Write(": alive\n\n"u8);
                }
            }

            if (subscription.TakeDropped() is > 0 and var dropped)
            {
                var text = string.Create(CultureInfo.InvariantCulture, $"event: dropped\ndata: {{\"dropped\":{dropped}}}\n\n");
                Encoding.UTF8.GetBytes(text, output);
            }

            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static void Write(PipeWriter output, in LiveEvent live)
    {
        if (live.DerivedId is not null)
        {
            output.Write("id: "u8);
            Encoding.UTF8.GetBytes(live.DerivedId, output);
            output.Write("\n"u8);
        }

        output.Write("data: "u8);
        var json = live.Json.Span;

        // In JSON a line break stands only between tokens, and here it would end the message.
        for (var at = json.IndexOfAny((byte)'\n', (byte)'\r'); at >= 0; at = json.IndexOfAny((byte)'\n', (byte)'\r'))
        {
            output.Write(json[..at]);
            output.Write(" "u8);
            json = json[(at + 1)..];
        }

        output.Write(json);
        output.Write("\n\n"u8);
    }
}
