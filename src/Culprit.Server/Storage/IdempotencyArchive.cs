using Culprit.Engine.Records;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;

namespace Culprit.Server.Storage;

/// <summary>Keeps idempotency keys in the store, from where they come back when the journal no longer has them.</summary>
/// <remarks>One caller at a time. A save that fails leaves the keys with the next one, and the journal is not trimmed meanwhile.</remarks>
internal sealed class IdempotencyArchive(IIdempotencyStore store, IdempotencyKeys keys, IJournal journal, TimeProvider clock)
{
    private readonly List<KeptKey> _taken = [];
    private long _droppedNanos;

    /// <summary>Up to here no key needs the journal.</summary>
    public long SavedSequence { get; private set; }

    /// <summary>Gives back what was saved; the sequence from which on the journal may have more.</summary>
    public async Task<long> LoadAsync(CancellationToken cancellationToken) =>
        SavedSequence = await store.LoadAsync(
            UnixNanos.From(clock.GetUtcNow() - IdempotencyKeys.Kept), kept => keys.Remember(kept, isSaved: true), cancellationToken)
            .ConfigureAwait(false);

    /// <param name="always">Also without a new key: the next start need not search the journal for any.</param>
    public async Task SaveAsync(bool always, CancellationToken cancellationToken)
    {
        var unsaved = keys.TakeUnsaved(journal.LastSequence);
        _taken.AddRange(unsaved.Keys);
        if (always || _taken.Count > 0 || unsaved.ForgottenNanos > _droppedNanos)
        {
            await store.SaveAsync(_taken, unsaved.ForgottenNanos, unsaved.Through, cancellationToken).ConfigureAwait(false);
            _taken.Clear();
            _droppedNanos = unsaved.ForgottenNanos;
        }

        SavedSequence = unsaved.Through;
    }
}
