using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion;

/// <summary>Takes bodies of events in Culprit's own form, and answers as <c>POST /events</c> does.</summary>
internal sealed class EventIntake(RecordIntake records, RepeatedRequests repeated, IJournal journal, EventTypeRegistry types)
{
    private const int MaxKeptDecoders = 16;

    private readonly ConcurrentBag<EventsDecoder> _decoders = [];

    /// <param name="key">The request's <c>Idempotency-Key</c>, if any.</param>
    public async Task<IResult> TakeAsync(ReadOnlyMemory<byte> body, bool isLines, string? key)
    {
        if (key is null)
        {
            return Result(await TakeOnceAsync(body, isLines, Answer, null).ConfigureAwait(false));
        }

        var hash = XxHash128.HashToUInt128(body.Span, isLines ? 1 : 0);
        return Result(await repeated.OnceAsync(
            key, hash, () => TakeOnceAsync(body, isLines, Answer, intake => Note(key, hash, intake))).ConfigureAwait(false));
    }

    /// <summary>Takes an event or an array of events, for protocols with answers of their own.</summary>
    /// <remarks>What comes in one call after another, awaited or not, is journaled in that order.</remarks>
    public Task<(TakenEvents? Taken, Problem? Problem)> TakeAsync(ReadOnlyMemory<byte> body) => TakeOnceAsync(body, isLines: false, Taken, null);

    private static IResult Result((StoredAnswer? Answer, Problem? Problem) taken) =>
        taken.Problem is null ? new JsonAnswer(taken.Answer!.Status, taken.Answer.Body) : taken.Problem;

    private async Task<(T? Answer, Problem? Problem)> TakeOnceAsync<T>(
        ReadOnlyMemory<byte> body, bool isLines, Func<Intake, T> answer, Func<Intake, byte[]?>? note)
        where T : class
    {
        if (!_decoders.TryTake(out var decoder))
        {
            decoder = new EventsDecoder(types);
        }

        decoder.IsLines = isLines;
        try
        {
            return await records.TakeAsync(body, decoder, Refused, answer, note, tellsIds: true).ConfigureAwait(false);
        }
        finally
        {
            if (_decoders.Count < MaxKeptDecoders)
            {
                _decoders.Add(decoder);
            }
        }
    }

    private static Problem? Refused(BatchParse parse)
    {
        if (parse.Fatal is not null || parse.Total == 0 || parse.Rejected.Count < parse.Total)
        {
            return RecordIntake.RefuseBroken(parse);
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

    private StoredAnswer Answer(Intake intake) =>
        !intake.Parse.IsSingle ? EventAnswers.Counted(intake.Kept + intake.Sampled, intake.Sampled, intake.Parse)
        : intake.Batch is { } batch ? EventAnswers.Published(RecordId.Of(batch[0], journal.Id))
        : EventAnswers.NotKept(Encoding.UTF8.GetString(intake.LastId.Span), isSampled: intake.Sampled > 0);

    /// <summary>The answer that is about to be given; that to a lone event follows from its record.</summary>
    private static byte[] Note(string key, UInt128 hash, Intake intake) =>
        new IdempotencyNote(
            key,
            hash,
            intake.Parse.IsSingle ? null : EventAnswers.Counted(intake.Kept + intake.Sampled, intake.Sampled, intake.Parse)).ToBytes();

    private TakenEvents Taken(Intake intake)
    {
        var ids = new List<string>(Math.Max(intake.Kept, 1));
        for (var i = 0; i < intake.Kept; i++)
        {
            ids.Add(RecordId.Of(intake.Batch![i], journal.Id));
        }

        if (intake.Batch is null && intake is { Sampled: 0, Parse.IsSingle: true, LastId.Length: > 0 })
        {
            ids.Add(Encoding.UTF8.GetString(intake.LastId.Span));
        }

        return new TakenEvents(ids, intake.Parse.Duplicates, [.. intake.Parse.Rejected]);
    }

    private sealed class EventsDecoder(EventTypeRegistry types) : IBodyDecoder
    {
        private readonly BatchJsonParser _parser = new(types);

        /// <summary>The sender says that the next body is NDJSON.</summary>
        public bool IsLines { get; set; }

        public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result) =>
            _parser.Parse(body, IsLines, writer, receivedNanos, ids, result);
    }
}
