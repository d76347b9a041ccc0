using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>Decides from outside whether the holder of a lease is dead: it has not renewed it while somebody looked all the time.</summary>
/// <remarks>
/// Only this machine's monotonic clock counts, so clocks need not agree. A look that fails begins the wait anew: a database that
/// was away has kept the holder from renewing, too.
/// </remarks>
internal sealed class LeaseExpiry(TimeProvider clock)
{
    /// <summary>A holder renews every 2 seconds.</summary>
    public static readonly TimeSpan After = TimeSpan.FromSeconds(8);

    // Between two looks that lie further apart this process may have been frozen itself.
    private static readonly TimeSpan LongestBlink = TimeSpan.FromSeconds(4);

    private LeaseState? _seen;
    private long _since;
    private long _lookedAt;

    /// <summary>True when the lease may be taken.</summary>
    public bool Look(LeaseState now)
    {
        if (!now.IsHeld)
        {
            return true;
        }

        if (_seen is null || _seen.Epoch != now.Epoch || _seen.Renewals != now.Renewals || clock.GetElapsedTime(_lookedAt) > LongestBlink)
        {
            _seen = now;
            _since = clock.GetTimestamp();
        }

        _lookedAt = clock.GetTimestamp();
        return clock.GetElapsedTime(_since) >= After;
    }

    /// <summary>The database did not answer.</summary>
    public void Fail() => _seen = null;
}
