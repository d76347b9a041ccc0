namespace Culprit.Server.Ingestion;

/// <summary>An answer as it was given, to be given again.</summary>
internal sealed record StoredAnswer(int Status, ReadOnlyMemory<byte> Body);

/// <summary>The <c>Idempotency-Key</c>s of the last 24 hours (or 1 million, or 64 MiB of answers) with body hash and answer.</summary>
internal sealed class IdempotencyKeys(TimeProvider clock)
{
    public const int MaxKeyLength = 255;

    private const int MaxKeys = 1_000_000;
    private const long MaxAnswerBytes = 64 * 1024 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, Entry Entry)> _order = [];
    private long _answerBytes;

    /// <summary>What the caller must do about its key.</summary>
    /// <param name="Answer">Give this answer again.</param>
    /// <param name="IsOtherBody">The key was used for another body.</param>
    /// <param name="Pending">The first request with the key is under way: wait, then ask again.</param>
    internal readonly record struct Claim(StoredAnswer? Answer, bool IsOtherBody, Task? Pending)
    {
        /// <summary>The key is the caller's: it must end with <see cref="Complete"/> or <see cref="Abandon"/>.</summary>
        public bool IsOurs => Answer is null && !IsOtherBody && Pending is null;
    }

    public Claim TryClaim(string key, UInt128 bodyHash)
    {
        lock (_lock)
        {
            EvictLocked();
            if (!_entries.TryGetValue(key, out var entry))
            {
                _entries.Add(key, new Entry(bodyHash));
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
            entry.Answer = answer;
            entry.At = clock.GetTimestamp();
            _answerBytes += answer.Body.Length;
            _order.Enqueue((key, entry));
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
                entry.Done.SetResult();
            }
        }
    }

    private void EvictLocked()
    {
        while (_order.TryPeek(out var oldest)
            && (_order.Count >= MaxKeys || _answerBytes > MaxAnswerBytes || clock.GetElapsedTime(oldest.Entry.At) >= Kept))
        {
            _order.Dequeue();
            _entries.Remove(oldest.Key);
            _answerBytes -= oldest.Entry.Answer!.Body.Length;
        }
    }

    private sealed class Entry(UInt128 bodyHash)
    {
        public UInt128 BodyHash { get; } = bodyHash;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StoredAnswer? Answer { get; set; }

        public long At { get; set; }
    }
}
