using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
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
    public async Task<IResult> TakeAsync(ReadOnlyMemory<byte> body, bool isLines, string? key)
    {
        if (key is null)
        {
            return Result(await TakeOnceAsync(body, isLines, Answer, null).ConfigureAwait(false));
        }

        var hash = XxHash128.HashToUInt128(body.Span, isLines ? 1 : 0);
        IdempotencyKeys.Claim claim;
        while (!(claim = keys.TryClaim(key, hash, journal.LastSequence)).IsOurs)
        {
            if (claim.IsOtherBody)
            {
                metrics.RequestRejected([]);
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
            var (answer, problem) = await TakeOnceAsync(body, isLines, Answer, (parse, kept, sampled) => Note(key, hash, parse, kept, sampled)).ConfigureAwait(false);
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

    /// <summary>Takes an event or an array of events, for protocols with answers of their own.</summary>
    /// <remarks>What comes in one call after another, awaited or not, is journaled in that order.</remarks>
    public Task<(TakenEvents? Taken, Problem? Problem)> TakeAsync(ReadOnlyMemory<byte> body) => TakeOnceAsync(body, isLines: false, Taken, null);

    private static IResult Result((StoredAnswer? Answer, Problem? Problem) taken) =>
        taken.Problem is null ? new JsonAnswer(taken.Answer!.Status, taken.Answer.Body) : taken.Problem;

    /// <param name="answer">Makes the answer of what became of the body.</param>
    /// <param name="note">Makes, of the parse and the numbers of kept and sampled-out events, what is to be durable with the records.</param>
    private async Task<(T? Answer, Problem? Problem)> TakeOnceAsync<T>(
        ReadOnlyMemory<byte> body, bool isLines, Func<Outcome, T> answer, Func<BatchParse, int, int, byte[]>? note)
        where T : class
    {
        if (pressure.Refusal(canWait: false) is { } refusal)
        {
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
                metrics.RequestRejected(parse.Fatal is null ? parse.Rejected : []);
                return (null, problem);
            }

            RecordBatch? batch = null;
            var sampled = admission.Sift(work.Writer);
            isDurable = sampled > 0 && work.Writer.Count == 0; // Nothing is left to be made durable.
            if (work.Writer.Count > 0)
            {
                // Not cancelled when the sender hangs up: the batch may be durable already, and then its ids must be known.
                var made = work.Writer.ToBatch(received, note: note?.Invoke(parse, work.Writer.Count, sampled));
                var appended = await journal.AppendAsync(made, CancellationToken.None).ConfigureAwait(false);
                if (!appended.Accepted)
                {
                    metrics.RequestRefused("journal");
                    return (null, new Problem(503, "overloaded", appended.Refusal!) { RetryAfter = appended.RetryAfter });
                }

                batch = appended.Batch!;
                isDurable = true;
            }

            metrics.RequestAccepted(batch?.Count ?? 0, parse.Duplicates, parse.Rejected, sampled);
            var sentId = parse.IsSingle ? Encoding.UTF8.GetString(work.Writer.Get(LogRecord.IdField)) : string.Empty;
            return (answer(new Outcome(batch, parse, sentId, sampled)), null);
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

    private StoredAnswer Answer(Outcome outcome)
    {
        var (batch, parse, sentId, sampled) = outcome;
        return !parse.IsSingle ? EventAnswers.Counted((batch?.Count ?? 0) + sampled, sampled, parse)
            : batch is not null ? EventAnswers.Published(RecordId.Of(batch[0], journal.Id))
            : EventAnswers.NotKept(sentId, isSampled: sampled > 0);
    }

    /// <summary>The answer that is about to be given; that to a lone event follows from its record.</summary>
    private static byte[] Note(string key, UInt128 hash, BatchParse parse, int kept, int sampled) =>
        new IdempotencyNote(key, hash, parse.IsSingle ? null : EventAnswers.Counted(kept + sampled, sampled, parse)).ToBytes();

    private TakenEvents Taken(Outcome outcome)
    {
        var (batch, parse, sentId, sampled) = outcome;
        var ids = new List<string>(batch?.Count ?? 1);
        for (var i = 0; i < (batch?.Count ?? 0); i++)
        {
            ids.Add(RecordId.Of(batch![i], journal.Id));
        }

        if (batch is null && sampled == 0 && sentId.Length > 0)
        {
            ids.Add(sentId);
        }

        return new TakenEvents(ids, parse.Duplicates, [.. parse.Rejected]);
    }

    /// <summary>What became of a body.</summary>
    /// <param name="Batch">What is durable; null when nothing was new or kept.</param>
    /// <param name="SentId">The id that a lone event came with; empty otherwise. All that names an event which was not kept.</param>
    /// <param name="Sampled">Events that were counted and left out.</param>
    private readonly record struct Outcome(RecordBatch? Batch, BatchParse Parse, string SentId, int Sampled);

    /// <summary>Buffers of one request, used again by the next.</summary>
    private sealed class Workspace(EventTypeRegistry types)
    {
        public BatchJsonParser Parser { get; } = new(types);

        public RecordBatchWriter Writer { get; } = new();

        public BatchParse Parse { get; } = new();
    }
}
