using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Culprit.Engine.Records;

namespace Culprit.Server.Journal;

/// <summary>The one thread that writes: takes groups, numbers them, makes them durable, shows them, answers.</summary>
/// <remarks>
/// After a failed write or sync the file is never touched again except to cut it back, which nothing relies on: the
/// next segment's first sequence tells readers where it ends. What was not acknowledged goes to that next segment;
/// if that fails too, the group is refused.
/// </remarks>
internal sealed class JournalWriter(
    JournalOptions options,
    IFileSystem files,
    RecoveredJournal recovered,
    AppendQueue queue,
    AppendAdmission admission,
    RecentEntries recent,
    JournalHealth health,
    JournalCounters counters,
    TimeProvider clock,
    Action<RecordBatch>? committed)
{
    // With durability=async: most bytes that a power cut can take, besides the group being written.
    private const long MaxUnsyncedBytes = 8 * 1024 * 1024;

    private readonly bool _isAsync = options.Durability == Durability.Async;
    private readonly List<PendingAppend> _group = [];
    private readonly List<StagedFrame> _frames = [];
    private readonly FrameGather _gather = new();

    // Acknowledged but not synced, with durability=async only.
    private readonly List<StagedFrame> _unsynced = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _unsyncedBytes;
    private Segment? _active;
    private IJournalFile? _file;
    private bool _isListed;
    private long _written;
    private long _next = recovered.Next;
    private long _beganAt;

    /// <summary>Completes when the queue was closed and all of it written.</summary>
    public Task Stopped => _stopped.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "journal-writer" }.Start();

    private void Run()
    {
        try
        {
            while (queue.TakeGroup(_group, options.MaxGroupBytes))
            {
                WriteGroup();
                _group.Clear();
            }

            SyncAcknowledged();
            Seal();
        }
        catch (Exception e)
        {
            // Only a bug gets here (a failing disk is answered below): stop taking records, and say so to everyone.
            health.Set(JournalState.ReadOnly, e.Message);
            do
            {
                _group.ForEach(append => append.TrySetException(e));
                _group.Clear();
            }
            while (queue.TakeGroup(_group, options.MaxGroupBytes));
        }
        finally
        {
            _stopped.TrySetResult();
        }
    }

    private void WriteGroup()
    {
        var next = _next;
        _frames.Clear();
        foreach (var append in _group)
        {
            var frame = append.Stage(next);
            _frames.Add(frame);
            next = frame.Entry.LastSequence + 1;
        }

        _beganAt = clock.GetTimestamp();
        if (!TryWrite() && !TryWriteElsewhere())
        {
            Refuse();
            return;
        }

        health.Succeed();
        _next = next;
        Show();
        FaultPoints.Hit("journal-before-ack");
        for (var i = 0; i < _group.Count; i++)
        {
            _group[i].TrySetResult(new AppendResult(_frames[i].Entry.Batch, null, TimeSpan.Zero));
        }

        if (_isAsync && (_unsyncedBytes >= MaxUnsyncedBytes || queue.IsEmpty))
        {
            SyncAcknowledged();
        }
    }

    private bool TryWrite()
    {
        try
        {
            if (_file is not null && _written >= options.EffectiveSegmentBytes)
            {
                if (_unsynced.Count > 0)
                {
                    Sync();
                }

                Seal();
            }

            if (_file is null)
            {
                Begin(_unsynced.Count > 0 ? _unsynced[0].Entry.Sequence : _next);
                Write(_unsynced);
            }

            Write(_frames);
            FaultPoints.Hit("journal-after-write");
            if (!_isAsync)
            {
                Sync();
            }

            return true;
        }
        catch (DiskException)
        {
            counters.CountFailedWrite();
            return false;
        }
    }

    // Once more, in a new segment. It begins at the first sequence that no sync has covered.
    private bool TryWriteElsewhere()
    {
        CutBack();
        try
        {
            Begin(_unsynced.Count > 0 ? _unsynced[0].Entry.Sequence : _next);
            Write(_unsynced);
            Write(_frames);
            Sync();
            return true;
        }
        catch (DiskException e)
        {
            counters.CountFailedWrite();
            CutBack();
            health.Fail(e);
            return false;
        }
    }

    private void Begin(long first)
    {
        Span<byte> salt = stackalloc byte[sizeof(uint)];
        RandomNumberGenerator.Fill(salt);
        var header = new SegmentHeader(
            SegmentHeader.CurrentVersion, recovered.Id, first, BinaryPrimitives.ReadUInt32LittleEndian(salt));
        _file = SegmentFile.Create(files, options.Folder, header);
        counters.CountSync();
        _active = new Segment(Path.Combine(options.Folder, Segment.NameOf(first)), header, SegmentHeader.TotalBytes);
        _written = SegmentHeader.TotalBytes;
        _isListed = false;
        FaultPoints.Hit("journal-after-rotate");
    }

    private void Write(List<StagedFrame> frames)
    {
        if (frames.Count == 0)
        {
            return;
        }

        var bytes = _gather.Gather(CollectionsMarshal.AsSpan(frames), _active!.Header.Salt);
        _file!.Write(_gather.Parts, _written);
        _written += bytes;
    }

    private void Sync()
    {
        FaultPoints.Hit("journal-before-sync");
        _file!.Sync();
        FaultPoints.Hit("journal-after-sync");
        counters.CountSync();
        _unsynced.Clear();
        _unsyncedBytes = 0;
    }

    // With durability=async: catches up with what was acknowledged.
    private void SyncAcknowledged()
    {
        if (_unsynced.Count == 0 || _file is null)
        {
            return;
        }

        _frames.Clear();
        try
        {
            Sync();
        }
        catch (DiskException)
        {
            counters.CountFailedWrite();
            if (TryWriteElsewhere())
            {
                List();
            }
        }
    }

    private void Show()
    {
        List();
        foreach (ref readonly var frame in CollectionsMarshal.AsSpan(_frames))
        {
            if (frame.Entry.Batch is { } batch)
            {
                committed?.Invoke(batch);
            }
        }

        var frames = CollectionsMarshal.AsSpan(_frames);
        counters.CountGroup(frames, clock.GetElapsedTime(_beganAt));
        recent.Add(frames);
        if (_isAsync)
        {
            _unsynced.AddRange(_frames);
            _unsyncedBytes += _frames.Sum(frame => (long)frame.Payload.Length);
        }
    }

    // Only now, with its entries in it, may readers find the segment: an empty one would end the one before it too soon.
    private void List()
    {
        _active!.End = _written;
        if (!_isListed)
        {
            _active.FileBytes = _written;
            recovered.Segments.Add(_active);
            _isListed = true;
        }
        else
        {
            recovered.Segments.Resize(_active, _written);
        }
    }

    private void Refuse()
    {
        var reason = health.State == JournalState.DiskFull ? RefusalReason.DiskFull : RefusalReason.ReadOnly;
        foreach (var append in _group)
        {
            counters.CountRefusal(reason, append);
            append.TrySetResult(admission.Refuse(reason));
        }
    }

    private void Seal()
    {
        _file?.Dispose();
        _file = null;
        _active = null;
    }

    // Frees the space and spares the next start from reading what was refused; correctness does not depend on it.
    private void CutBack()
    {
        // With durability=async readers may be in those bytes.
        if (_file is not null && !_isAsync)
        {
            try
            {
                _file.Truncate(_active!.End);
            }
            catch (DiskException)
            {
                counters.CountFailedWrite();
            }
        }

        Seal();
    }
}
