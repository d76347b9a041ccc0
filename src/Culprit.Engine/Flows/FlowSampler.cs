using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Chooses which ids are followed when there are too many: by their hashes, so that an id is followed whole or not at all.</summary>
/// <remarks>
/// The share is 1, 1/2, 1/4 … and depends on ids and ticks only, both of which are in the journal: a replay chooses the
/// same. Where the share rises again, ids that have begun unseen are followed from their middle.
/// </remarks>
/// <param name="maxPerSecond">New ids in a second; 0 for no limit.</param>
/// <param name="maxRecordsPerSecond">Records that are followed in a second; 0 for no limit.</param>
internal sealed class FlowSampler(int maxPerSecond, int maxRecordsPerSecond = 0)
{
    private const int MaxHalvings = 40;
    private const long WidenAfterNanos = 600 * UnixNanos.PerSecond;

    private long _fresh;
    private long _records;
    private long _lastTickNanos;
    private long _quietSinceNanos;

    /// <summary>How often the share was halved.</summary>
    public int Halvings { get; private set; }

    /// <summary>Whether an id is in the sample now.</summary>
    public bool Has(ulong hash) => hash <= ulong.MaxValue >> Halvings;

    /// <summary>Whether a new id is to be followed.</summary>
    public bool Takes(ulong hash)
    {
        if (maxPerSecond == 0)
        {
            return true;
        }

        if (!Has(hash))
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

    /// <summary>A record is followed.</summary>
    public void Follows() => _records++;

    /// <param name="isCrowded">There is hardly room for more ids, however few are new.</param>
    public void Tick(long tickNanos, bool isCrowded = false)
    {
        var seconds = (tickNanos - _lastTickNanos) / UnixNanos.PerSecond;
        if (seconds < 1)
        {
            return;
        }

        var load = Math.Max(Load(_fresh, maxPerSecond, seconds), Load(_records, maxRecordsPerSecond, seconds));
        if (load > 1 || isCrowded)
        {
            // One who is crowded has room only when sessions have ended: half a minute shows whether half was enough.
            if (load > 1 || Halvings == 0 || tickNanos - _quietSinceNanos >= 30 * UnixNanos.PerSecond)
            {
                Halvings = Math.Min(Halvings + 1, MaxHalvings);
                _quietSinceNanos = tickNanos;
            }
        }
        else if (Halvings == 0 || load > 0.25)
        {
            _quietSinceNanos = tickNanos;
        }
        else if (tickNanos - _quietSinceNanos >= WidenAfterNanos)
        {
            Halvings--;
            _quietSinceNanos = tickNanos;
        }

        (_fresh, _records, _lastTickNanos) = (0, 0, tickNanos);
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number(Halvings);
        writer.Number((ulong)_fresh);
        writer.Number((ulong)_records);
        writer.Number((ulong)_lastTickNanos);
        writer.Number((ulong)_quietSinceNanos);
    }

    public void Restore(ref SnapshotReader reader)
    {
        Halvings = reader.Number(MaxHalvings);
        _fresh = (long)reader.Number();
        _records = (long)reader.Number();
        _lastTickNanos = (long)reader.Number();
        _quietSinceNanos = (long)reader.Number();
    }

    private static double Load(long count, int limit, long seconds) => limit == 0 ? 0 : count / ((double)limit * seconds);
}
