namespace Culprit.Server.Journal;

/// <summary>One reader's place in the files; several may read at once, also the segment being written.</summary>
internal sealed class SegmentCursor(IFileSystem files, SegmentSet segments, Quarantine quarantine) : IDisposable
{
    private Segment? _segment;
    private IJournalFile? _file;
    private FrameScanner? _scanner;
    private bool _isDamaged;

    /// <summary>The first entry that ends after the sequence; false when the files hold none (yet).</summary>
    public bool TryNext(long after, out JournalEntry entry)
    {
        entry = default;
        while (segments.Locate(after + 1, out var limit) is { } segment)
        {
            if (!TryOpen(segment))
            {
                continue;
            }

            var step = _scanner!.Next(segment.End, limit);
            switch (step.Outcome)
            {
                case ScanOutcome.Entry when step.Entry.LastSequence > after:
                    entry = step.Entry;
                    return true;
                case ScanOutcome.Entry:
                    break;
                case ScanOutcome.Damage or ScanOutcome.Tail:
                    _isDamaged = true;
                    quarantine.Report(
                        segment.Name, _file, step.Offset, step.Length, _scanner.Expected, Quarantine.Describe(step.Fault));
                    break;
                case ScanOutcome.End when limit == long.MaxValue:
                    return false;
                case ScanOutcome.End:
                    after = PassOver(segment, after, limit);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException($"Unknown outcome {step.Outcome}.");
            }
        }

        return false;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _segment = null;
    }

    // The segment ends; if it does so before the next one begins, and no damage explains it, entries are missing.
    private long PassOver(Segment segment, long after, long limit)
    {
        if (_scanner!.Expected < limit && !_isDamaged)
        {
            quarantine.Report(
                segment.Name, null, _scanner.Offset, 0, _scanner.Expected, $"entries up to {limit - 1} are missing");
        }

        return Math.Max(after, limit - 1);
    }

    // False when the segment was trimmed meanwhile: the caller looks again.
    private bool TryOpen(Segment segment)
    {
        if (ReferenceEquals(segment, _segment))
        {
            return true;
        }

        Dispose();
        try
        {
            _file = files.Open(segment.Path, writable: false);
        }
        catch (DiskException e) when (e.Errno == DiskException.NotFound && segments.OldestFirst > segment.First)
        {
            return false;
        }

        _segment = segment;
        _isDamaged = false;
        _scanner = new FrameScanner(_file, segment.Header);
        return true;
    }
}
