using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Journal;
using Microsoft.Extensions.Logging;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The record store in Parquet files: the newest records in memory, the others in segments that never change.</summary>
/// <remarks>
/// A record is in exactly one of the two for every query: memory and list of segments change together under one lock.
/// </remarks>
internal sealed partial class EmbeddedRecordStore : IRecordStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly SemaphoreSlim _replacing = new(1, 1);
    private readonly ReadLeases _leases = new();
    private readonly SegmentManifest _manifest;
    private readonly SegmentFolder _folder;
    private readonly SegmentWriter _writer;
    private readonly SegmentReader _reader;
    private readonly SegmentMerger _merger;
    private readonly SegmentIndexes _indexes;
    private readonly SegmentSearch _search;
    private readonly SegmentCounts _counts;
    private readonly EmbeddedStoreOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly RecordTail _tail;
    private Segment[] _segments;
    private SegmentProblem[] _problems;
    private long _applied;

    private EmbeddedRecordStore(
        SegmentManifest manifest,
        SegmentFolder folder,
        EmbeddedStoreOptions options,
        TimeProvider clock,
        ILogger logger)
    {
        _manifest = manifest;
        _folder = folder;
        _options = options;
        _clock = clock;
        _logger = logger;
        _applied = manifest.AppliedSequence;
        _tail = new RecordTail(_applied);
        _writer = new SegmentWriter(folder.Path, options.CompressionLevel, options.GroupRows, options.Classes);
        _reader = new SegmentReader(folder.Path, options);
        _merger = new SegmentMerger(
            new SegmentScan(folder.Path, options), new SegmentWriter(folder.Path, options.CompressionLevel, options.GroupRows, options.Classes));
        _indexes = new SegmentIndexes(folder.Path);
        _counts = new SegmentCounts(_indexes);
        _search = new SegmentSearch(_reader, new SegmentParts(_indexes), SetAsideAsync);
        _segments = [.. manifest.ListReadable()];
        _problems = [.. manifest.ListCorrupt()];
    }

    public long AppliedSequence
    {
        get
        {
            lock (_gate)
            {
                return _applied;
            }
        }
    }

    public long PendingBytes
    {
        get
        {
            lock (_gate)
            {
                return _tail.Bytes;
            }
        }
    }

    public RecordFlow Flow
    {
        get
        {
            lock (_gate)
            {
                return _tail.Flow;
            }
        }
    }

    /// <summary>The segments that queries read.</summary>
    public IReadOnlyList<Segment> Segments
    {
        get
        {
            lock (_gate)
            {
                return _segments;
            }
        }
    }

    /// <summary>Listed segments that cannot be read: for the health page.</summary>
    public IReadOnlyList<SegmentProblem> Problems
    {
        get
        {
            lock (_gate)
            {
                return _problems;
            }
        }
    }

    /// <summary>Memory that the indexes of segments take, about.</summary>
    public long IndexBytes => _indexes.Bytes;

    /// <summary>Opens the store in the data folder and clears up what a crash left behind.</summary>
    public static async Task<EmbeddedRecordStore> OpenAsync(
        string dataFolder,
        StateDatabase database,
        EmbeddedStoreOptions options,
        TimeProvider clock,
        ILogger<EmbeddedRecordStore> logger,
        CancellationToken cancellationToken)
    {
        var folder = new SegmentFolder(dataFolder, logger);
        var store = new EmbeddedRecordStore(new SegmentManifest(database), folder, options, clock, logger);
        try
        {
            if (store._segments.FirstOrDefault(s => s.Columns > SegmentSchema.Count) is { } newer)
            {
                throw new StateDatabaseException(
                    $"Segment {newer.Name} in {folder.Path} has {newer.Columns} columns, this Culprit knows {SegmentSchema.Count}. "
                    + "It was written by a newer Culprit: use that version, or another data folder.");
            }

            folder.RemoveUnlisted(store._segments.Select(s => s.Name).ToHashSet(StringComparer.Ordinal), database.WasCreated);
            foreach (var segment in store._segments)
            {
                if (folder.FindFault(segment) is { } fault)
                {
                    await store.SetAsideAsync(segment, fault);
                }
            }

            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public void Add(RecordBatch batch)
    {
        lock (_gate)
        {
            _tail.Add(batch, _clock.GetTimestamp());
        }
    }

    public void Annotate(long firstSequence, BatchAnnotations annotations)
    {
        lock (_gate)
        {
            _tail.Annotate(firstSequence, annotations);
        }
    }

    public async Task FlushAsync(bool all, CancellationToken cancellationToken)
    {
        await _flushing.WaitAsync(cancellationToken);
        try
        {
            while (TakeNextSegment(all) is { } entries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var segments = await Task.Run(() => _writer.Write(entries), cancellationToken);

                // The files are there: from here on the flush is finished, not cancelled.
                FaultPoints.Hit("store-files-written");
                var last = entries[^1].Batch.LastSequence;
                await _manifest.PublishAsync(segments, AppliedSequence, last, CancellationToken.None);
                FaultPoints.Hit("store-published");
                lock (_gate)
                {
                    _segments = [.. _segments, .. segments];
                    _tail.RemoveFirst(entries.Length);
                    _applied = last;
                }
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    public async Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken)
    {
        using var lease = _leases.Enter();
        var (tail, segments) = Snapshot();
        return await _search.FindAsync(segments, tail.Find(query, cancellationToken), query, cancellationToken);
    }

    public async Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length == 0)
        {
            return null;
        }

        using var lease = _leases.Enter();
        var (tail, segments) = Snapshot();
        return tail.FindById(Encoding.UTF8.GetBytes(id)) ?? await _search.FindByIdAsync(segments, id, cancellationToken);
    }

    public async Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken)
    {
        using var lease = _leases.Enter();
        var (tail, segments) = Snapshot();
        return tail.FindBySequence(sequence) ?? await _search.FindBySequenceAsync(segments, sequence, cancellationToken);
    }

    public async Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken)
    {
        using var lease = _leases.Enter();
        var (tail, segments) = Snapshot();
        var groups = new CountGroups(query);
        tail.AddTo(groups, cancellationToken);
        var uncounted = _counts.Add(segments, groups);
        await _search.CountAsync(uncounted, groups, cancellationToken);
        return groups.ToRows();
    }

    public Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var (tail, segments) = Snapshot();
        return Task.FromResult(tail.Count + segments.Sum(s => s.Rows));
    }

    /// <summary>Takes segments off the list for good, then deletes their files.</summary>
    /// <returns>Bytes that the disk has back.</returns>
    /// <remarks>
    /// A crash in between leaves files that nobody lists, which the next start deletes. A query that still asks for one of
    /// the files reads on if it has opened it, and else asks again without it.
    /// </remarks>
    public async Task<long> DropAsync(IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        if (segments.Count == 0)
        {
            return 0;
        }

        await _replacing.WaitAsync(cancellationToken);
        try
        {
            await _manifest.RemoveAsync(segments, cancellationToken);
            lock (_gate)
            {
                _segments = [.. _segments.Except(segments)];
                _problems = [.. _problems.ExceptBy(segments, p => p.Segment)];
            }
        }
        finally
        {
            _replacing.Release();
        }

        _indexes.Forget(segments);
        return await Task.Run(() => _folder.Delete(segments), CancellationToken.None);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _flushing.Dispose();
        _replacing.Dispose();
    }

    private TailEntry[]? TakeNextSegment(bool all)
    {
        lock (_gate)
        {
            return _tail.TakeDue(all, _options.MaxSegmentRows, _options.MaxSegmentBytes, addedAt => _clock.GetElapsedTime(addedAt) >= _options.MaxSegmentAge);
        }
    }

    private (TailSnapshot Tail, Segment[] Segments) Snapshot()
    {
        lock (_gate)
        {
            return (_tail.Snapshot(), _segments);
        }
    }

    // First the file, then the list: a crash in between leaves a listed file that is missing, which the next start reports.
    // A missing file stays listed, because it may come back.
    private async Task SetAsideAsync(Segment segment, string fault)
    {
        lock (_gate)
        {
            if (!_segments.Contains(segment))
            {
                return;
            }

            _segments = [.. _segments.Where(s => s != segment)];
            _problems = [.. _problems, new SegmentProblem(segment, fault)];
        }

        SegmentUnreadable(segment.Name, segment.Rows, fault);
        if (_folder.Quarantine(segment.Name))
        {
            await _manifest.MarkCorruptAsync(segment.Name, fault, CancellationToken.None);
        }
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "Segment {Name} with {Rows} records is unreadable and is left out of queries: {Fault}")]
    private partial void SegmentUnreadable(string name, long rows, string fault);
}
