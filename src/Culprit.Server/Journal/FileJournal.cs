using System.Runtime.CompilerServices;
using Culprit.Engine.Records;

namespace Culprit.Server.Journal;

/// <summary>The write-ahead log in a folder of segment files. The format is described in <c>docs/journal.md</c>.</summary>
internal sealed class FileJournal : IJournal, IAsyncDisposable
{
    private const int ReadChunk = 64;

    // A disk that does not answer must not hold up the shutdown; nothing acknowledged depends on it.
    private static readonly TimeSpan ShutdownPatience = TimeSpan.FromSeconds(10);

    private readonly IFileSystem _files;
    private readonly TimeProvider _clock;
    private readonly IDisposable _folderLock;
    private readonly Quarantine _quarantine;
    private readonly SegmentSet _segments;
    private readonly RecentEntries _recent;
    private readonly AppendQueue _queue;
    private readonly AppendAdmission _admission;
    private readonly JournalHealth _health;
    private readonly JournalWriter _writer;
    private readonly Lock _trimLock = new();
    private readonly string _folder;
    private bool _isDisposed;

    private FileJournal(
        JournalOptions options,
        IFileSystem files,
        TimeProvider clock,
        IDisposable folderLock,
        Quarantine quarantine,
        RecoveredJournal recovered,
        Action<RecordBatch>? committed)
    {
        _folder = options.Folder;
        _files = files;
        _clock = clock;
        _folderLock = folderLock;
        _quarantine = quarantine;
        Id = recovered.Id;
        _segments = recovered.Segments;
        _recent = new RecentEntries(options.RecentBytes, recovered.Next - 1);
        _queue = new AppendQueue(options.MaxQueueBytes);
        _health = new JournalHealth(clock);
        _admission = new AppendAdmission(options, files, clock, _segments, _queue, _health, Counters);
        _writer = new JournalWriter(
            options, files, recovered, _queue, _admission, _recent, _health, Counters, clock, committed);
        _writer.Start();
    }

    public ulong Id { get; }

    public long LastSequence => _recent.LastSequence;

    public JournalCounters Counters { get; } = new();

    /// <summary>Damaged ranges met so far, at start and by readers.</summary>
    public long CorruptRangeCount => _quarantine.Count;

    /// <summary>The first 1,000 damaged ranges.</summary>
    public IReadOnlyList<CorruptRange> CorruptRanges => _quarantine.Ranges;

    public JournalState State => _health.State;

    /// <summary>What the disk said when <see cref="State"/> is not writable.</summary>
    public string StateReason => _health.Reason;

    /// <summary>Share of the quota in use; appends are refused from 0.95.</summary>
    public double Fill => _admission.Fill;

    /// <summary>Bytes of appends that wait for the disk.</summary>
    public long QueuedBytes => _queue.Bytes;

    /// <summary>Bytes of all segment files.</summary>
    public long DiskBytes => _segments.Bytes;

    /// <summary>Opens the folder, makes it when missing, and recovers what is in it.</summary>
    /// <param name="committed">
    /// Called for each batch on the writer's thread, in sequence, after it is durable and before its sender hears of it.
    /// </param>
    /// <param name="knownSequence">
    /// Newest sequence that any consumer has committed. New entries are numbered above it even when the journal was lost:
    /// consumers ignore what they believe to have seen.
    /// </param>
    /// <exception cref="JournalOpenException">The folder cannot be used; the message says why.</exception>
    public static FileJournal Open(
        JournalOptions options, IFileSystem files, TimeProvider clock, Action<RecordBatch>? committed, long knownSequence)
    {
        IDisposable? folderLock = null;
        try
        {
            files.CreateFolder(options.Folder);
            folderLock = files.TryLock(Path.Combine(options.Folder, "lock"))
                ?? throw new JournalOpenException($"Another process uses the journal folder {options.Folder}.");
            files.SelfTest(options.Folder);
            var quarantine = new Quarantine(files, options.Folder, options.MaxCorruptBytes);
            var recovered = new JournalRecovery(files, options.Folder, quarantine).Recover(knownSequence);
            return new FileJournal(options, files, clock, folderLock, quarantine, recovered, committed);
        }
        catch (DiskException e)
        {
            folderLock?.Dispose();
            throw new JournalOpenException($"The journal folder {options.Folder} cannot be opened: {e.Message}", e);
        }
        catch (JournalOpenException)
        {
            folderLock?.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>A cancelled wait says nothing about the batch: once queued it is written.</remarks>
    public Task<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<AppendResult>(cancellationToken);
        }

        if (batch.Count == 0)
        {
            // Nothing to make durable, and no sequence to give.
            return Task.FromResult(new AppendResult(batch.At(LastSequence + 1), null, TimeSpan.Zero));
        }

        return EnterAsync(PendingAppend.Of(batch), cancellationToken);
    }

    public Task AppendTickAsync(long tickNanos, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled(cancellationToken)
            : EnterAsync(PendingAppend.OfTick(tickNanos), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>
    /// A batch that straddles the sequence comes whole. Ends without an error when the journal is closed.
    /// A disk that cannot be read is a <see cref="DiskException"/>; damaged content is skipped and reported.
    /// </remarks>
    public async IAsyncEnumerable<JournalEntry> ReadAsync(
        long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = afterSequence;
        var entries = new JournalEntry[ReadChunk];
        using var cursor = new SegmentCursor(_files, _segments, _quarantine);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var durable = LastSequence;
            var source = _recent.Read(after, entries, out var count, out var bell);
            if (source == RecentRead.Closed)
            {
                yield break;
            }

            if (source == RecentRead.Wait)
            {
                await bell.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (source == RecentRead.Entries)
            {
                for (var i = 0; i < count; i++)
                {
                    yield return entries[i];
                }

                after = entries[count - 1].LastSequence;
            }
            else if (cursor.TryNext(after, out var entry))
            {
                yield return entry;
                after = entry.LastSequence;
            }
            else
            {
                // The files do not have what was durable before they were read: lost to damage, and reported as such.
                after = Math.Max(after, durable);
            }
        }
    }

    /// <summary>Where to begin reading so as not to miss what was received since a time.</summary>
    /// <param name="maxBytes">Not further back than this many bytes of segments.</param>
    public long FindPositionBefore(long receivedNanos, long maxBytes)
    {
        using var cursor = new SegmentCursor(_files, _segments, _quarantine);
        var position = LastSequence;
        var bytes = 0L;
        foreach (var segment in _segments.NewestFirst())
        {
            if ((bytes += segment.FileBytes) > maxBytes)
            {
                break;
            }

            position = segment.First - 1;
            if (!cursor.TryNext(position, out var entry) || (entry.Batch?.ReceivedNanos ?? entry.TickNanos) < receivedNanos)
            {
                break;
            }
        }

        return position;
    }

    public void Trim(long throughSequence)
    {
        lock (_trimLock)
        {
            while (_segments.TakeOldest(throughSequence) is { } segment)
            {
                try
                {
                    _files.Delete(segment.Path);
                }
                catch (DiskException e) when (e.Errno != DiskException.NotFound)
                {
                    _segments.PutBack(segment);
                    Counters.CountFailedDeletion();
                    break;
                }

                // One after the other: were a later one gone and an earlier one back after a power cut, it would look like a loss.
                TrySyncFolder();
            }
        }
    }

    /// <summary>Writes what is queued, ends the readers and lets go of the folder; gives up on a disk that hangs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        _queue.Close();
        try
        {
            await _writer.Stopped.WaitAsync(ShutdownPatience, _clock).ConfigureAwait(false);
            _folderLock.Dispose();
        }
        catch (TimeoutException)
        {
            // The lock stays: the writer may still write.
        }

        _health.Set(JournalState.Closed, "closed");
        _recent.Close();
    }

    private Task<AppendResult> EnterAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        if (_admission.TryEnter(append) is { } reason)
        {
            return Task.FromResult(_admission.Refuse(reason));
        }

        return cancellationToken.CanBeCanceled ? append.Task.WaitAsync(cancellationToken) : append.Task;
    }

    private void TrySyncFolder()
    {
        try
        {
            _files.SyncFolder(_folder);
        }
        catch (DiskException)
        {
            // A power cut may bring the files back: everyone is past them, so they are trimmed again.
            Counters.CountFailedDeletion();
        }
    }
}
