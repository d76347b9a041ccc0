using Culprit.Server.Journal;
using Microsoft.Extensions.Logging;

namespace Culprit.Server.Storage.Embedded;

/// <content>Small segments become large ones.</content>
internal sealed partial class EmbeddedRecordStore
{
    private const int MaxUnsettled = 4;

    private readonly HashSet<string> _unmergeable = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unsettled = new(StringComparer.Ordinal);

    /// <summary>Small segments that should become one; none when there is nothing to do.</summary>
    /// <param name="keepOf">How long a retention class is kept.</param>
    public IReadOnlyList<Segment> NextMerge(Func<string, TimeSpan> keepOf, DateTimeOffset now)
    {
        Segment[] segments;
        lock (_gate)
        {
            segments = [.. _segments.Where(s => !_unmergeable.Contains(s.Name))];
        }

        return CompactionPlan.Next(segments, _options, keepOf, now);
    }

    /// <summary>Replaces segments of one retention class by one that holds their records; no question sees the change.</summary>
    /// <returns>The new segment, or null when one of the others was dropped meanwhile or cannot be read.</returns>
    /// <remarks>
    /// First the new file, then the list in one transaction, then the old files go, once nobody reads them. A crash in between
    /// leaves files that nobody lists, which the next start deletes: the records are in exactly one listed file at every moment.
    /// </remarks>
    public async Task<Segment?> MergeAsync(IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        Segment merged;
        await _replacing.WaitAsync(cancellationToken);
        try
        {
            if (segments.Except(Segments).Any())
            {
                return null;
            }

            merged = await Task.Run(() => _merger.Merge(segments, cancellationToken), cancellationToken);
            FaultPoints.Hit("merge-file-written");
            await ListInsteadAsync(segments, merged);
            FaultPoints.Hit("merge-listed");
        }
        catch (UnreadableSegmentException e)
        {
            await LeaveAsItIsAsync(e, cancellationToken);
            return null;
        }
        finally
        {
            _replacing.Release();
        }

        await _leases.DrainAsync(cancellationToken);
        _indexes.Forget(segments);
        await Task.Run(() => _folder.Delete(segments), CancellationToken.None);
        return merged;
    }

    private async Task ListInsteadAsync(IReadOnlyList<Segment> segments, Segment merged)
    {
        // A commit that failed may still have reached the disk: its file stays until a later commit, or the next start, knows.
        _unsettled.Add(merged.Name);
        if (_unsettled.Count > MaxUnsettled)
        {
            throw new IOException("Too many merges could not be listed: restart to go on.");
        }

        await _manifest.ReplaceAsync(segments, merged, CancellationToken.None);
        lock (_gate)
        {
            _segments = [.. _segments.Except(segments), merged];
            _problems = [.. _problems.ExceptBy(segments, p => p.Segment)];
        }

        _unsettled.Remove(merged.Name);
        _folder.Delete([.. _unsettled.Select(n => merged with { Name = n })]);
        _unsettled.Clear();
    }

    private async Task LeaveAsItIsAsync(UnreadableSegmentException e, CancellationToken cancellationToken)
    {
        SegmentNotMerged(e, e.Segment.Name);
        var unreadable = await _search.SetAsideUnreadableAsync([e.Segment], cancellationToken);
        lock (_gate)
        {
            if (unreadable.Count == 0)
            {
                _unmergeable.Add(e.Segment.Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Segment {Name} cannot be merged with others and stays as it is until the next start")]
    private partial void SegmentNotMerged(Exception exception, string name);
}
