using System.Collections.Concurrent;
using Culprit.Engine.Storage;
using Culprit.Server.Http;

namespace Culprit.Server.Access;

/// <summary>Holds keys to their records a second and bytes a day. A batch that is begun is taken whole; what it overdraws, the next waits for.</summary>
/// <remarks>Kept in memory: a restart begins a new day.</remarks>
internal sealed class KeyQuotas(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Account> _accounts = new(StringComparer.Ordinal);

    /// <summary>429 when the caller's key has sent all that it may for now, else null.</summary>
    public Problem? Refusal(Caller? caller)
    {
        if (caller?.Key is not { HasQuota: true } key)
        {
            return null;
        }

        var wait = AccountOf(key).TimeUntilMore(key, clock);
        return wait <= TimeSpan.Zero ? null : new Problem(429, "key_quota", $"Key {key.Id} has sent as much as it may for now; nothing was taken.")
        {
            RetryAfter = wait,
        };
    }

    public void Count(Caller? caller, int records, long bytes)
    {
        if (caller?.Key is { HasQuota: true } key)
        {
            AccountOf(key).Take(key, records, bytes, clock);
        }
    }

    private Account AccountOf(ApiKey key) => _accounts.GetOrAdd(key.Id, _ => new Account());

    private sealed class Account
    {
        private readonly Lock _lock = new();

        // When all that was sent will have been paid for at the key's rate.
        private DateTimeOffset _paidAt;
        private DateOnly _day;
        private long _bytes;

        public TimeSpan TimeUntilMore(ApiKey key, TimeProvider clock)
        {
            var now = clock.GetUtcNow();
            lock (_lock)
            {
                var rate = key.RecordsPerSecond is null ? TimeSpan.Zero : _paidAt - now;
                var isSpent = key.BytesPerDay is { } most && _day == Day(now) && _bytes >= most;
                var midnight = new DateTimeOffset(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero) - now;
                return isSpent && midnight > rate ? midnight : rate;
            }
        }

        public void Take(ApiKey key, int records, long bytes, TimeProvider clock)
        {
            var now = clock.GetUtcNow();
            lock (_lock)
            {
                if (key.RecordsPerSecond is { } rate)
                {
                    // A second's worth may be saved up.
                    var from = _paidAt < now - TimeSpan.FromSeconds(1) ? now - TimeSpan.FromSeconds(1) : _paidAt;
                    _paidAt = from + TimeSpan.FromSeconds((double)records / rate);
                }

                if (_day != Day(now))
                {
                    _day = Day(now);
                    _bytes = 0;
                }

                _bytes += bytes;
            }
        }

        private static DateOnly Day(DateTimeOffset now) => DateOnly.FromDateTime(now.UtcDateTime);
    }
}
