namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Completes timestamps that lack their year or date from their neighbours in the same stream.</summary>
/// <remarks>
/// Until a neighbour is known, the moment handed in stands for it (when the file was last written), and nothing in the
/// file can be much later than that. Afterwards the nearest possible moment is meant, so midnight and new year pass.
/// A complete date far from its neighbour is suspect and no neighbour itself: real files hold single lines dated 1754 or
/// 1970. When the next date agrees with it, the file has a gap there and goes on from the new date.
/// </remarks>
internal sealed class TimeReference(long writtenNanos)
{
    private const long MaxJumpNanos = 90 * CivilDate.NanosPerDay;

    private bool _hasNeighbour;
    private long? _suspectNanos;

    /// <summary>The newest moment known: what a line without any timestamp is given.</summary>
    public long Nanos { get; private set; } = writtenNanos;

    /// <summary>Takes a moment from further down the stream, so that lines before it are dated near it.</summary>
    public void Seed(long nanos)
    {
        Nanos = nanos;
        _hasNeighbour = true;
    }

    /// <summary>The whole moment; it becomes the neighbour of the next unless it is suspect.</summary>
    public long Complete(in Stamp stamp, out bool isSuspect)
    {
        var nanos = Peek(stamp);
        isSuspect = _hasNeighbour && stamp.Kind == StampKind.Complete && IsFar(nanos, Nanos)
            && !(_suspectNanos is { } suspect && !IsFar(nanos, suspect));
        _suspectNanos = isSuspect ? nanos : null;
        if (!isSuspect)
        {
            Nanos = nanos;
            _hasNeighbour |= stamp.Kind != StampKind.None;
        }

        return nanos;
    }

    private static bool IsFar(long a, long b) => Int128.Abs((Int128)a - b) > MaxJumpNanos;

    /// <summary>The whole moment, without remembering it.</summary>
    public long Peek(in Stamp stamp)
    {
        switch (stamp.Kind)
        {
            case StampKind.Complete:
                return stamp.Nanos;
            case StampKind.NoYear:
                return NearestYear(stamp);
            case StampKind.TimeOnly:
                var midnight = CivilDate.FloorDays(Nanos) * CivilDate.NanosPerDay;
                var best = midnight + stamp.Nanos - CivilDate.NanosPerDay;
                best = Better(best, midnight + stamp.Nanos);
                return Better(best, midnight + stamp.Nanos + CivilDate.NanosPerDay);
            case StampKind.None:
                return Nanos;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)stamp.Kind}.");
        }
    }

    private long NearestYear(in Stamp stamp)
    {
        var year = CivilDate.YearOf(Nanos);
        long? best = null;

        // 29 February exists in one year of four, seldom of eight.
        for (var y = Math.Max(year - 8, CivilDate.MinYear); y <= Math.Min(year + 8, CivilDate.MaxYear); y++)
        {
            if (CivilDate.IsValid(y, stamp.Month, stamp.Day))
            {
                var nanos = (CivilDate.ToDays(y, stamp.Month, stamp.Day) * CivilDate.NanosPerDay) + stamp.Nanos;
                best = best is { } known ? Better(known, nanos) : nanos;
            }
        }

        return best ?? Nanos;
    }

    private long Better(long earlier, long later)
    {
        if (!_hasNeighbour)
        {
            // A day of grace for zones: the writer's clock may be ahead of UTC.
            return later <= Nanos + CivilDate.NanosPerDay && (later <= Nanos || later - Nanos < Nanos - earlier) ? later : earlier;
        }

        return Math.Abs(later - Nanos) < Math.Abs(Nanos - earlier) ? later : earlier;
    }
}
