using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion;

/// <summary>An answer as it was given, to be given again.</summary>
internal sealed record StoredAnswer(int Status, ReadOnlyMemory<byte> Body);

/// <summary>The <c>Idempotency-Key</c>s of the last 24 hours (or 1 million, or 64 MiB of answers) with body hash and answer.</summary>
/// <remarks>
/// A key becomes durable in the journal, in the entry of its records (<see cref="IdempotencyNote"/>). Before that entry may
/// be trimmed, the key has been saved elsewhere: <see cref="TakeUnsaved"/> hands out what must be, and says how far that reaches.
/// </remarks>
internal sealed class IdempotencyKeys(TimeProvider clock)
{
    public const int MaxKeyLength = 255;

    /// <summary>How long a key is known.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private const int MaxKeys = 1_000_000;
    private const long MaxAnswerBytes = 64 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<Entry> _open = [];

    // Both in the order of completion: what is forgotten leaves both at their heads.
    private readonly Queue<Entry> _order = [];
    private readonly Queue<Entry> _unsaved = [];
    private long _answerBytes;
    private long _forgottenNanos;

    /// <summary>What the caller must do about its key.</summary>
    /// <param name="Answer">Give this answer again.</param>
    /// <param name="IsOtherBody">The key was used for another body.</param>
    /// <param name="Pending">The first request with the key is under way: wait, then ask again.</param>
    internal readonly record struct Claim(StoredAnswer? Answer, bool IsOtherBody, Task? Pending)
    {
        /// <summary>The key is the caller's: it must end with <see cref="Complete"/> or <see cref="Abandon"/>.</summary>
        public bool IsOurs => Answer is null && !IsOtherBody && Pending is null;
    }

    /// <param name="lastSequence">Newest of the journal now: what the request writes comes after it.</param>
    public Claim TryClaim(string key, UInt128 bodyHash, long lastSequence)
    {
        lock (_lock)
        {
            EvictLocked();
            if (!_entries.TryGetValue(key, out var entry))
            {
                entry = new Entry(key, bodyHash, lastSequence);
                _entries.Add(key, entry);
                _open.Add(entry);
                return default;
            }

            return entry.BodyHash != bodyHash ? new Claim(null, true, null)
                : entry.Answer is null ? new Claim(null, false, entry.Done.Task)
                : new Claim(entry.Answer, false, null);
        }
    }

    public void Complete(string key, StoredAnswer answer)
    {
        lock (_lock)
        {
            var entry = _entries[key];
            _open.Remove(entry);
            FinishLocked(entry, answer, clock.GetTimestamp(), UnixNanos.From(clock.GetUtcNow()));
            _unsaved.Enqueue(entry);
            entry.Done.SetResult();
        }
    }

    /// <summary>Nothing was written: the key may be tried again.</summary>
    public void Abandon(string key)
    {
        lock (_lock)
        {
            if (_entries.Remove(key, out var entry))
            {
                _open.Remove(entry);
                entry.Done.SetResult();
            }
        }
    }

    /// <summary>Learns a key after a restart, or from another server, the older ones first. One that is known already, under way, or too old, changes nothing.</summary>
    /// <param name="isSaved">It comes from where keys are saved; otherwise from the journal.</param>
    public void Remember(KeptKey kept, bool isSaved)
    {
        lock (_lock)
        {
            var age = UnixNanos.ToTime(UnixNanos.From(clock.GetUtcNow())) - UnixNanos.ToTime(kept.AtNanos);
            if (age >= Kept || (_entries.TryGetValue(kept.Key, out var known) && (known.Answer is null || known.AtNanos >= kept.AtNanos)))
            {
                return;
            }

            // A clock that was set back makes no key live longer.
            var ago = age < TimeSpan.Zero ? TimeSpan.Zero : age;
            var entry = new Entry(kept.Key, kept.BodyHash, 0);
            _entries[kept.Key] = entry;
            FinishLocked(entry, kept.Answer, clock.GetTimestamp() - (long)(ago.TotalSeconds * clock.TimestampFrequency), kept.AtNanos);
            if (!isSaved)
            {
                _unsaved.Enqueue(entry);
            }

            EvictLocked();
        }
    }

    /// <summary>Hands out the keys that only the journal has; the caller saves them, however often it must try.</summary>
    /// <param name="lastSequence">Newest of the journal, read before this call.</param>
    public UnsavedKeys TakeUnsaved(long lastSequence)
    {
        lock (_lock)
        {
            EvictLocked();
            List<KeptKey> taken = [.. _unsaved.Select(e => new KeptKey(e.Key, e.BodyHash, e.Answer!, e.AtNanos))];
            _unsaved.Clear();
            return new UnsavedKeys(taken, _open.Aggregate(lastSequence, (least, e) => Math.Min(least, e.LastSequence)), _forgottenNanos);
        }
    }

    private void FinishLocked(Entry entry, StoredAnswer answer, long at, long atNanos)
    {
        entry.Answer = answer;
        entry.At = at;
        entry.AtNanos = atNanos;
        _answerBytes += answer.Body.Length;
        _order.Enqueue(entry);
    }

    private void EvictLocked()
    {
        while (_order.TryPeek(out var oldest)
            && (_order.Count >= MaxKeys || _answerBytes > MaxAnswerBytes || clock.GetElapsedTime(oldest.At) >= Kept))
        {
            _order.Dequeue();
            _answerBytes -= oldest.Answer!.Body.Length;
            _forgottenNanos = Math.Max(_forgottenNanos, oldest.AtNanos);
            if (_unsaved.TryPeek(out var unsaved) && ReferenceEquals(unsaved, oldest))
            {
                _unsaved.Dequeue();
            }

            if (_entries.TryGetValue(oldest.Key, out var entry) && ReferenceEquals(entry, oldest))
            {
                _entries.Remove(oldest.Key);
            }
        }
    }

    private sealed class Entry(string key, UInt128 bodyHash, long lastSequence)
    {
        public string Key { get; } = key;

        public UInt128 BodyHash { get; } = bodyHash;

        public long LastSequence { get; } = lastSequence;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StoredAnswer? Answer { get; set; }

        /// <summary>Its age is measured by this one, which no setting of the clock moves.</summary>
        public long At { get; set; }

        public long AtNanos { get; set; }
    }
}
