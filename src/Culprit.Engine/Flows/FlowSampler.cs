using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Chooses which ids are followed when there are too many: by their hashes, so that an id is followed whole or not at all.</summary>
/// <remarks>
/// The share is 1, 1/2, 1/4 … and depends on ids and ticks only, both of which are in the journal: a replay chooses the
/// same. Where the share rises again, ids that have begun unseen are followed from their middle.
/// </remarks>
/// <param name="maxPerSecond">New ids in a second; 0 for no limit.</param>
internal sealed class FlowSampler(int maxPerSecond)
{
    private const int MaxHalvings = 40;
    private const long WidenAfterNanos = 600 * UnixNanos.PerSecond;

    private long _fresh;
    private long _lastTickNanos;
    private long _quietSinceNanos;

    /// <summary>How often the share was halved.</summary>
    public int Halvings { get; private set; }

    public bool Takes(ulong hash)
    {
        if (maxPerSecond == 0)
        {
            return true;
        }

        if (hash > ulong.MaxValue >> Halvings)
        {
            return false;
        }

        if (++_fresh > 2L * maxPerSecond && Halvings < MaxHalvings)
        {
            Halvings++; // Not before the next tick: a burst must not get in first.
            _fresh /= 2;
        }

        return true;
    }

    public void Tick(long tickNanos)
    {
        var seconds = (tickNanos - _lastTickNanos) / UnixNanos.PerSecond;
        if (seconds < 1)
        {
            return;
        }

        if (_fresh > maxPerSecond * seconds)
        {
            Halvings = Math.Min(Halvings + 1, MaxHalvings);
            _quietSinceNanos = tickNanos;
        }
        else if (Halvings == 0 || 4 * _fresh > maxPerSecond * seconds)
        {
            _quietSinceNanos = tickNanos;
        }
        else if (tickNanos - _quietSinceNanos >= WidenAfterNanos)
        {
            Halvings--;
            _quietSinceNanos = tickNanos;
        }

        (_fresh, _lastTickNanos) = (0, tickNanos);
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(Halvings);
        writer.Number((ulong)_fresh);
        writer.Number((ulong)_lastTickNanos);
        writer.Number((ulong)_quietSinceNanos);
    }

    public void Restore(ref SnapshotReader reader)
    {
        Halvings = reader.Number(MaxHalvings);
        _fresh = (long)reader.Number();
        _lastTickNanos = (long)reader.Number();
        _quietSinceNanos = (long)reader.Number();
    }
}
