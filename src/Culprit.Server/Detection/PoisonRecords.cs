using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Detection;

/// <summary>A record at which the engine threw.</summary>
internal readonly record struct RecordFailure(int Index, Exception Exception);

/// <summary>The records at which the engine failed: tried three times, then dead letters that the engine passes over.</summary>
/// <remarks>
/// Tries are durable before the next one begins, so a restart neither forgets nor repeats them. What is passed over is passed
/// over in every replay, before it touches anything: the same journal goes on giving the same incidents.
/// </remarks>
internal sealed class PoisonRecords(IDeadLetterStore letters, ulong journalId, TimeProvider clock)
{
    public const int MaxTries = 3;

    /// <summary>Returns to the last snapshot before records are given up at their first failure: senders must not be able to stop the engine.</summary>
    internal const int MaxReturns = 9;

    private const int MaxReasonLength = 512;

    private readonly Dictionary<long, int> _tries = [];
    private readonly HashSet<long> _passedOver = [];
    private readonly EventJsonWriter _writer = new(journalId);
    private int _returns;

    /// <summary>Sequences that the engine must not touch again.</summary>
    public IReadOnlySet<long> PassedOver => _passedOver;

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var (sequence, tries) in await letters.LoadPoisonAsync(cancellationToken).ConfigureAwait(false))
        {
            _tries[sequence] = tries;
            if (tries >= MaxTries)
            {
                _passedOver.Add(sequence);
            }
        }
    }

    /// <summary>Counts a try of the first failure; later ones may only follow from the state that it left, and have their turn then.</summary>
    /// <returns>How many records became dead letters.</returns>
    public async Task<int> CountAsync(RecordBatch batch, IReadOnlyList<RecordFailure> failures, CancellationToken cancellationToken)
    {
        var isFlood = ++_returns > MaxReturns;
        var tries = new List<PoisonTry>();
        foreach (var failure in isFlood ? failures : failures.Take(1))
        {
            var sequence = batch.FirstSequence + failure.Index;
            var count = _tries.GetValueOrDefault(sequence) + 1;
            var isLast = isFlood || count >= MaxTries;
            tries.Add(new PoisonTry(sequence, isLast ? MaxTries : count, isLast ? ToLetter(batch[failure.Index], failure.Exception, count) : null));
        }

        await letters.SavePoisonAsync(tries, cancellationToken).ConfigureAwait(false);
        foreach (var poison in tries)
        {
            _tries[poison.Sequence] = poison.Tries;
            if (poison.Letter is not null)
            {
                _passedOver.Add(poison.Sequence);
            }
        }

        return tries.Count(t => t.Letter is not null);
    }

    /// <summary>A snapshot has passed these records: they are not met again.</summary>
    public void Forget(long throughSequence)
    {
        _returns = 0;
        foreach (var sequence in _tries.Keys.Where(s => s <= throughSequence).ToList())
        {
            _tries.Remove(sequence);
            _passedOver.Remove(sequence);
        }
    }

    private DeadLetter ToLetter(in LogRecord record, Exception exception, int tries)
    {
        var stored = StoredRecord.Of(record, default, -1);
        var json = _writer.ToBytes(stored, asError: false);
        var reason = $"The engine failed: {exception.GetType().Name}: {exception.Message}";
        return new DeadLetter(
            "engine:" + RecordId.Format(journalId, record.Sequence),
            clock.GetUtcNow(),
            reason.Length <= MaxReasonLength ? reason : reason[..MaxReasonLength],
            json[..Math.Min(json.Length, DeadLetter.MaxRawBytes)])
        {
            Kind = DeadLetterKinds.Engine,
            Tries = tries,
            Decoder = $"records/{RecordBatch.Version}",
            EventId = RecordId.Of(record, journalId),
        };
    }
}
