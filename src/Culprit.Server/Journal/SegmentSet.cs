namespace Culprit.Server.Journal;

/// <summary>The segments in order of their sequences, shared by the writer, readers and trims.</summary>
internal sealed class SegmentSet
{
    private readonly Lock _lock = new();
    private readonly List<Segment> _segments;
    private long _bytes;

    public SegmentSet(IEnumerable<Segment> segments)
    {
        _segments = [.. segments.OrderBy(segment => segment.First)];
        _bytes = _segments.Sum(segment => segment.FileBytes);
    }

    /// <summary>Bytes of all files.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _segments.Count;
            }
        }
    }

    /// <summary>First sequence that may still be on disk; null when there is no segment.</summary>
    public long? OldestFirst
    {
        get
        {
            lock (_lock)
            {
                return _segments.Count == 0 ? null : _segments[0].First;
            }
        }
    }

    public IReadOnlyList<Segment> NewestFirst()
    {
        lock (_lock)
        {
            return [.. _segments.AsEnumerable().Reverse()];
        }
    }

    /// <summary>Adds the newest segment. Those that begin no earlier held nothing acknowledged, and give way.</summary>
    public void Add(Segment segment)
    {
        lock (_lock)
        {
            while (_segments.Count > 0 && _segments[^1].First >= segment.First)
            {
                _bytes -= _segments[^1].FileBytes;
                _segments.RemoveAt(_segments.Count - 1);
            }

            _segments.Add(segment);
            _bytes += segment.FileBytes;
        }
    }

    /// <summary>Says how long the file has become.</summary>
    public void Resize(Segment segment, long fileBytes)
    {
        lock (_lock)
        {
            _bytes += fileBytes - segment.FileBytes;
            segment.FileBytes = fileBytes;
        }
    }

    /// <summary>The segment to read for a sequence: the one that holds it, else the oldest after it; null when there is none.</summary>
    /// <param name="sequence">The next sequence that the reader wants.</param>
    /// <param name="limit">First sequence of the segment after it; <see cref="long.MaxValue"/> for the last.</param>
    public Segment? Locate(long sequence, out long limit)
    {
        lock (_lock)
        {
            limit = long.MaxValue;
            if (_segments.Count == 0)
            {
                return null;
            }

            var index = _segments.Count - 1;
            while (index > 0 && _segments[index].First > sequence)
            {
                index--;
            }

            limit = index + 1 < _segments.Count ? _segments[index + 1].First : long.MaxValue;
            return _segments[index];
        }
    }

    /// <summary>Takes out and returns the oldest segment if all of it is at or below the sequence; never the last segment.</summary>
    public Segment? TakeOldest(long throughSequence)
    {
        lock (_lock)
        {
            if (_segments.Count < 2 || _segments[1].First - 1 > throughSequence)
            {
                return null;
            }

            var oldest = _segments[0];
            _segments.RemoveAt(0);
            _bytes -= oldest.FileBytes;
            return oldest;
        }
    }

    /// <summary>Puts a segment back whose file could not be deleted.</summary>
    public void PutBack(Segment oldest)
    {
        lock (_lock)
        {
            _segments.Insert(0, oldest);
            _bytes += oldest.FileBytes;
        }
    }
}
