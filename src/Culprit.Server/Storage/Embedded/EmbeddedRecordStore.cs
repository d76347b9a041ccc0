using System.Text;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The record store in Parquet files: the newest records in memory, the others in segments that never change.</summary>
/// <remarks>
/// A record is in exactly one of the two for every query: memory and list of segments change together under one lock.
/// </remarks>
internal sealed partial class EmbeddedRecordStore : IRecordStore, IDisposable
{
    // Newest-first queries mostly end in the first file; those that find little read the rest in growing groups.
    private const int FirstGroup = 1;
    private const int GroupGrowth = 4;
    private const int LargestGroup = 32;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly SegmentManifest _manifest;
    private readonly SegmentFolder _folder;
    private readonly SegmentWriter _writer;
    private readonly SegmentReader _reader;
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
        _writer = new SegmentWriter(folder.Path, options.CompressionLevel);
        _reader = new SegmentReader(folder.Path, options);
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
                var segment = await Task.Run(() => _writer.Write(entries), cancellationToken);

                // The file is there: from here on the flush is finished, not cancelled.
                await _manifest.PublishAsync(segment, AppliedSequence, CancellationToken.None);
                lock (_gate)
                {
                    _segments = [.. _segments, segment];
                    _tail.RemoveFirst(entries.Length);
                    _applied = segment.LastSequence;
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
        var (tail, segments) = Snapshot();
        var found = tail.Find(query, cancellationToken);
        var candidates = Candidates(segments, query);
        var group = FirstGroup;
        for (var next = 0; next < candidates.Count; group = Math.Min(GroupGrowth * group, LargestGroup))
        {
            var asked = candidates.Skip(next).Take(group).TakeWhile(s => CanAdd(s, found, query)).ToList();
            if (asked.Count == 0)
            {
                break;
            }

            var more = await AskAsync(asked, s => _reader.FindAsync(s, Narrow(query, found), cancellationToken), cancellationToken);
            found.AddRange(more);
            found.Sort(RecordOrder.OfAnswer(query.OldestFirst));
            found.RemoveRange(Math.Min(query.Limit, found.Count), Math.Max(0, found.Count - query.Limit));
            next += asked.Count;
        }

        return found;
    }

    public async Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        if (id.Length == 0)
        {
            return null;
        }

        var (tail, segments) = Snapshot();
        if (tail.FindById(Encoding.UTF8.GetBytes(id)) is { } inMemory)
        {
            return inMemory;
        }

        foreach (var group in segments.Where(s => s.RowsWithId > 0).OrderByDescending(s => s.FirstSequence).Chunk(LargestGroup))
        {
            var found = await AskAsync(group, s => _reader.FindByIdAsync(s, id, cancellationToken), cancellationToken);
            if (found.Count > 0)
            {
                return found[0];
            }
        }

        return null;
    }

    public async Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken)
    {
        var (tail, segments) = Snapshot();
        if (tail.FindBySequence(sequence) is { } inMemory)
        {
            return inMemory;
        }

        var holder = segments.Where(s => s.FirstSequence <= sequence && sequence <= s.LastSequence).ToArray();
        var found = await AskAsync(
            holder, s => _reader.FindBySequenceAsync(s[0], sequence, cancellationToken), cancellationToken);
        return found.Count > 0 ? found[0] : null;
    }

    public Task<long> CountAsync(CancellationToken cancellationToken)
    {
        var (tail, segments) = Snapshot();
        return Task.FromResult(tail.Count + segments.Sum(s => s.Rows));
    }

    public void Dispose()
    {
        _reader.Dispose();
        _flushing.Dispose();
    }

    /// <summary>The segments that may hold a part of the answer, in its order.</summary>
    private static List<Segment> Candidates(Segment[] segments, RecordQuery query)
    {
        var filter = new RecordFilter(query);
        var candidates = segments.Where(s => filter.MayMatch(s.MinNanos, s.MaxNanos));
        return query.OldestFirst
            ? [.. candidates.OrderBy(s => s.MinNanos)]
            : [.. candidates.OrderByDescending(s => s.MaxNanos)];
    }

    // Segments may overlap in time, so a full page ends the search only when the next one begins beyond its last record.
    // A tie goes on: the sequence decides.
    private static bool CanAdd(Segment segment, List<StoredRecord> found, RecordQuery query) =>
        found.Count < query.Limit
        || (query.OldestFirst
            ? segment.MinNanos <= found[^1].TimestampNanos
            : segment.MaxNanos >= found[^1].TimestampNanos);

    /// <summary>The same question, without what could not make it into a page that is already full.</summary>
    private static RecordQuery Narrow(RecordQuery query, List<StoredRecord> found)
    {
        if (found.Count < query.Limit)
        {
            return query;
        }

        var worst = found[^1].TimestampNanos;
        return query.OldestFirst
            ? query with { ToNanos = worst < query.ToNanos ? worst + 1 : query.ToNanos }
            : query with { FromNanos = Math.Max(query.FromNanos, worst) };
    }

    private TailEntry[]? TakeNextSegment(bool all)
    {
        lock (_gate)
        {
            var annotated = _tail.Annotated;
            var (count, rows, bytes) = (0, 0L, 0L);
            while (count < annotated.Length && rows < _options.MaxSegmentRows && bytes < _options.MaxSegmentBytes)
            {
                rows += annotated[count].Batch.Count;
                bytes += annotated[count].Batch.Bytes.Length;
                count++;
            }

            var isDue = count > 0
                && (all
                    || rows >= _options.MaxSegmentRows
                    || bytes >= _options.MaxSegmentBytes
                    || _clock.GetElapsedTime(annotated[0].AddedAt) >= _options.MaxSegmentAge);
            return isDue ? annotated[..count].ToArray() : null;
        }
    }

    private (TailSnapshot Tail, Segment[] Segments) Snapshot()
    {
        lock (_gate)
        {
            return (_tail.Snapshot(), _segments);
        }
    }

    /// <summary>Asks; when that fails because of unreadable files, sets them aside and asks the others.</summary>
    private async Task<List<StoredRecord>> AskAsync(
        IReadOnlyList<Segment> segments,
        Func<IReadOnlyList<Segment>, Task<List<StoredRecord>>> ask,
        CancellationToken cancellationToken)
    {
        if (segments.Count == 0)
        {
            return [];
        }

        try
        {
            return await ask(segments);
        }
        catch (DuckDBException)
        {
            var readable = new List<Segment>();
            foreach (var segment in segments)
            {
                if (await _reader.ProbeAsync(segment, cancellationToken) is { } fault)
                {
                    await SetAsideAsync(segment, fault);
                }
                else
                {
                    readable.Add(segment);
                }
            }

            if (readable.Count == segments.Count)
            {
                throw;
            }

            return await AskAsync(readable, ask, cancellationToken);
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
            _problems = [.. _problems, new SegmentProblem(segment.Name, segment.Rows, fault)];
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
