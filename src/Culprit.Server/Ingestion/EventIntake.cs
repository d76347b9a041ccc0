using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text.Json;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion;

/// <summary>A body of events -> durable records -> the answer. Nothing is answered with success before its sync.</summary>
internal sealed class EventIntake(
    IJournal journal,
    IngestPressure pressure,
    RecordAdmission admission,
    RecentIds ids,
    IdempotencyKeys keys,
    IngestionMetrics metrics,
    EventTypeRegistry types,
    TimeProvider clock)
{
    // A writer that one huge batch blew up is not kept for the next small one.
    private const int MaxKeptWriterBytes = 8 * 1024 * 1024;
    private const int MaxKeptParsers = 16;

    private readonly ConcurrentBag<Workspace> _workspaces = [];

    /// <param name="key">The request's <c>Idempotency-Key</c>, if any.</param>
    public async Task<IResult> TakeAsync(PooledBuffer body, bool isLines, string? key)
    {
        if (key is null)
        {
            return Result(await TakeOnceAsync(body, isLines).ConfigureAwait(false));
        }

        var hash = XxHash128.HashToUInt128(body.Span, isLines ? 1 : 0);
        IdempotencyKeys.Claim claim;
        while (!(claim = keys.TryClaim(key, hash)).IsOurs)
        {
            if (claim.IsOtherBody)
            {
                return new Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another body.");
            }

            if (claim.Answer is { } answer)
            {
                return new JsonAnswer(answer.Status, answer.Body);
            }

            await claim.Pending!.ConfigureAwait(false);
        }

        StoredAnswer? stored = null;
        try
        {
            var (answer, problem) = await TakeOnceAsync(body, isLines).ConfigureAwait(false);
            stored = answer;
            return Result((answer, problem));
        }
        finally
        {
            if (stored is null)
            {
                keys.Abandon(key);
            }
            else
            {
                keys.Complete(key, stored);
            }
        }
    }

    private static IResult Result((StoredAnswer? Answer, Problem? Problem) taken) =>
        taken.Problem is null ? new JsonAnswer(taken.Answer!.Status, taken.Answer.Body) : taken.Problem;

    private async Task<(StoredAnswer? Answer, Problem? Problem)> TakeOnceAsync(PooledBuffer body, bool isLines)
    {
        if (pressure.Refusal() is { } refusal)
        {
            metrics.RequestRefused();
            return (null, refusal);
        }

        if (!_workspaces.TryTake(out var work))
        {
            work = new Workspace(types);
        }

        var claims = ids.Begin();
        var isDurable = false;
        try
        {
            var received = UnixNanos.From(clock.GetUtcNow());
            var parse = work.Parse;
            while (true)
            {
                work.Parser.Parse(body.Span, isLines, work.Writer, received, claims, parse);
                if (claims.Contended is not { } other)
                {
                    break;
                }

                // Ours are given up first, so two requests that want each other's ids cannot wait for ever.
                claims.Release();
                await other.ConfigureAwait(false);
                claims = ids.Begin();
            }

            if (Refused(parse) is { } problem)
            {
                metrics.Count(0, 0, parse.Fatal is null ? parse.Rejected.Count : 0);
                return (null, problem);
            }

            RecordBatch? batch = null;
            var sampled = admission.Sift(work.Writer);
            isDurable = sampled > 0 && work.Writer.Count == 0; // Nothing is left to be made durable.
            if (work.Writer.Count > 0)
            {
                // Not cancelled when the sender hangs up: the batch may be durable already, and then its ids must be known.
                var appended = await journal.AppendAsync(work.Writer.ToBatch(received), CancellationToken.None).ConfigureAwait(false);
                if (!appended.Accepted)
                {
                    metrics.RequestRefused();
                    return (null, new Problem(503, "overloaded", appended.Refusal!) { RetryAfter = appended.RetryAfter });
                }

                batch = appended.Batch!;
                isDurable = true;
            }

            var kept = batch?.Count ?? 0;
            metrics.Count(kept, parse.Duplicates, parse.Rejected.Count, sampled);
            return (parse.IsSingle ? Published(batch, work.Writer.Get(LogRecord.IdField), sampled > 0) : Counted(kept, sampled, parse), null);
        }
        finally
        {
            if (isDurable)
            {
                claims.Confirm();
            }
            else
            {
                claims.Release();
            }

            if (work.Writer.Length <= MaxKeptWriterBytes && _workspaces.Count < MaxKeptParsers)
            {
                _workspaces.Add(work);
            }
        }
    }

    private static Problem? Refused(BatchParse parse)
    {
        if (parse.Fatal is { } fatal)
        {
            return fatal.IsSyntax
                ? new Problem(400, fatal.Code!, $"{fatal.Detail} (at byte {fatal.Consumed})")
                {
                    Offset = fatal.Consumed,
                    Errors = [new ProblemError(fatal.Code!, fatal.Detail!, parse.Total)],
                }
                : new Problem(413, fatal.Code!, fatal.Detail!);
        }

        if (parse.Total == 0 || parse.Rejected.Count < parse.Total)
        {
            return null;
        }

        var first = parse.Rejected[0];
        return new Problem(
            parse.IsSingle && first.Code == RejectionCodes.EventTooLarge ? 413 : 422,
            first.Code,
            parse.Total == 1 ? first.Detail : $"None of the {parse.Total} events could be taken.")
        {
            Errors = [.. parse.Rejected.Select(r => new ProblemError(r.Code, r.Detail, r.Index))],
        };
    }

    /// <param name="sentId">The id that the sender gave, if any: all that names an event which was not kept.</param>
    private StoredAnswer Published(RecordBatch? batch, ReadOnlySpan<byte> sentId, bool isSampledOut)
    {
        var body = new ArrayBufferWriter<byte>(96);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (batch is not null)
            {
                json.WriteString("id", RecordId.Of(batch[0], journal.Id));
            }
            else if (sentId.IsEmpty)
            {
                json.WriteNull("id");
            }
            else
            {
                json.WriteString("id", sentId);
            }

            json.WriteString("status", "published");
            if (batch is null)
            {
                json.WriteBoolean(isSampledOut ? "sampled" : "duplicate", true);
            }

            json.WriteEndObject();
        }

        return new StoredAnswer(StatusCodes.Status201Created, body.WrittenMemory);
    }

    /// <summary>A sampled-out event counts as accepted: it was taken, and the events that were kept stand for it.</summary>
    private static StoredAnswer Counted(int kept, int sampled, BatchParse parse)
    {
        var body = new ArrayBufferWriter<byte>(96);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("accepted", kept + sampled);
            if (sampled > 0)
            {
                json.WriteNumber("sampled", sampled);
            }

            json.WriteNumber("duplicates", parse.Duplicates);
            json.WriteStartArray("rejected");
            foreach (var rejection in parse.Rejected)
            {
                json.WriteStartObject();
                json.WriteNumber("index", rejection.Index);
                json.WriteString("code", rejection.Code);
                json.WriteString("detail", rejection.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new StoredAnswer(StatusCodes.Status200OK, body.WrittenMemory);
    }

    /// <summary>Buffers of one request, used again by the next.</summary>
    private sealed class Workspace(EventTypeRegistry types)
    {
        public BatchJsonParser Parser { get; } = new(types);

        public RecordBatchWriter Writer { get; } = new();

        public BatchParse Parse { get; } = new();
    }
}
