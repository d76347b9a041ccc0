using System.Collections.Concurrent;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Server.Access;
using Culprit.Server.Export;
using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion;

/// <summary>What became of a body. Valid until the answer is made.</summary>
/// <param name="Batch">What is to be durable, or is; null when nothing was new or kept.</param>
/// <param name="LastId">The id that the last record came with; empty for none. All that names a lone event which was not kept.</param>
/// <param name="Kept">Records of the batch.</param>
/// <param name="Sampled">Records that were counted and left out.</param>
internal readonly record struct Intake(RecordBatch? Batch, BatchParse Parse, ReadOnlyMemory<byte> LastId, int Kept, int Sampled);

/// <summary>A body of any protocol -> durable records -> the answer. Nothing is answered with success before its sync.</summary>
internal sealed class RecordIntake(
    IJournal journal, IngestPressure pressure, RecordAdmission admission, RecentIds ids, IngestionMetrics metrics, KeyQuotas quotas, TimeProvider clock)
{
    // A writer that one huge batch blew up is not kept for the next small one.
    private const int MaxKeptWriterBytes = 8 * 1024 * 1024;
    private const int MaxKeptWorkspaces = 16;

    private readonly ConcurrentBag<Workspace> _workspaces = [];
    private readonly ulong _namer = BitConverter.ToUInt64(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
    private long _named;

    /// <remarks>What comes in one call after another, awaited or not, is journaled in that order.</remarks>
    /// <param name="refuse">The problem with a body of which nothing may be taken, or null.</param>
    /// <param name="answer">Makes the answer, when all that was taken is durable.</param>
    /// <param name="note">Makes what is to be durable with the records, before they are; null for nothing.</param>
    /// <param name="tellsIds">The answer has the ids of records: where the journal numbers them later, those without an id get one.</param>
    /// <param name="name">What names the body: one that was taken under it is not taken again, if its records are dated. Default: each is taken.</param>
    public async Task<(T? Answer, Problem? Problem)> TakeAsync<T>(
        ReadOnlyMemory<byte> body,
        IBodyDecoder decoder,
        Func<BatchParse, Problem?> refuse,
        Func<Intake, T> answer,
        Func<Intake, byte[]?>? note = null,
        BodyName? name = null,
        bool tellsIds = false)
        where T : class
    {
        if (pressure.Refusal(canWait: false) is { } refusal)
        {
            return (null, refusal);
        }

        using var span = Tracing.StartIntake();
        if (!_workspaces.TryTake(out var work))
        {
            work = new Workspace();
        }

        var caller = Caller.Current;
        work.Writer.Environment = KeyGate.EnvironmentOf(caller);
        work.Writer.NewId = tellsIds && !journal.NumbersAtOnce ? NewId : null;
        var claims = ids.Begin();
        var isDurable = false;
        RecordBatch? batch = null;
        try
        {
            var received = UnixNanos.From(clock.GetUtcNow());
            var parse = work.Parse;
            while (true)
            {
                decoder.Decode(body.Span, work.Writer, received, claims, parse);
                if (name is not null && work.Writer.Count > 0 && parse is { IsUndated: false, Fatal: null } && claims.IsRepeat(name.Bytes))
                {
                    work.Writer.Reset();
                    parse.CountAllAsDuplicates();
                }

                if (claims.Contended is not { } other)
                {
                    break;
                }

                // Ours are given up first, so two requests that want each other's ids cannot wait for ever.
                claims.Release();
                await other.ConfigureAwait(false);
                claims = ids.Begin();
            }

            var arrived = work.Writer.Count + parse.Rejected.Count + parse.Duplicates + parse.WithoutRecord;
            var sampled = KeyGate.Sift(caller, work.Writer, parse);
            if (refuse(parse) is { } problem)
            {
                metrics.Refused(arrived, parse, work.Writer.Count + sampled);
                return (null, problem);
            }

            sampled += admission.Sift(work.Writer);
            metrics.Sifted(arrived, parse, work.Writer.Count, sampled);
            span.TakenIn(work.Writer.Count, sampled, parse.Duplicates, parse.Rejected.Count);
            var intake = new Intake(null, parse, work.Writer.Get(LogRecord.IdField).ToArray(), work.Writer.Count, sampled);
            isDurable = sampled > 0 && intake.Kept == 0; // Nothing is left to be made durable.
            if (intake.Kept > 0)
            {
                // Not cancelled when the sender hangs up: the batch may be durable already, and then its ids must be known.
                var made = work.Writer.ToBatch(received, note: note?.Invoke(intake));
                var appended = await AppendAsync(made).ConfigureAwait(false);
                if (!appended.Accepted)
                {
                    metrics.RequestRefused("journal");
                    return (null, new Problem(503, "overloaded", appended.Refusal!) { RetryAfter = appended.RetryAfter });
                }

                batch = appended.Batch!;
                intake = intake with { Batch = batch };
                isDurable = true;
            }

            quotas.Count(caller, intake.Kept + sampled, body.Length);
            metrics.RequestAccepted(intake.Kept);
            return (answer(intake), null);
        }
        finally
        {
            if (isDurable && work.Parse.HasForbidden)
            {
                // What was refused is not known by its id: another key may be allowed to send it.
                if (batch is not null)
                {
                    ids.Remember(batch);
                }

                claims.Release();
            }
            else if (isDurable)
            {
                claims.Confirm();
            }
            else
            {
                claims.Release();
            }

            if (work.Writer.Length <= MaxKeptWriterBytes && _workspaces.Count < MaxKeptWorkspaces)
            {
                _workspaces.Add(work);
            }
        }
    }

    private async Task<AppendResult> AppendAsync(RecordBatch batch)
    {
        using var span = Tracing.StartAppend(batch.Count);
        return await journal.AppendAsync(batch, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>The problem with a body whose text is broken, or that holds more than a body may.</summary>
    public static Problem? RefuseBroken(BatchParse parse)
    {
        if (parse.Fatal is not { } fatal)
        {
            return null;
        }

        return fatal.IsSyntax
            ? new Problem(400, fatal.Code!, $"{fatal.Detail} (at byte {fatal.Consumed})")
            {
                Offset = fatal.Consumed,
                Errors = [new ProblemError(fatal.Code!, fatal.Detail!, parse.Total)],
            }
            : new Problem(413, fatal.Code!, fatal.Detail!);
    }

    private string NewId() => RecordId.Format(_namer, Interlocked.Increment(ref _named));

    /// <summary>Buffers of one request, used again by the next.</summary>
    private sealed class Workspace
    {
        public RecordBatchWriter Writer { get; } = new();

        public BatchParse Parse { get; } = new();
    }
}
