using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Culprit.Server.Journal;

/// <summary>What a folder held when it was opened.</summary>
/// <param name="Next">Sequence of the next entry; larger than any that was ever handed out.</param>
internal sealed record RecoveredJournal(ulong Id, SegmentSet Segments, long Next);

/// <summary>Reads a journal folder at start: every header, and all of the last segment.</summary>
/// <remarks>No content of a file causes an exception, except a format from the future: that refuses the start and says why.</remarks>
internal sealed class JournalRecovery(IFileSystem files, string folder, Quarantine quarantine)
{
    private const int CopyBytes = 1024 * 1024;

    // Sequences that lost files may have used: not to be used again for other records.
    private long _floor = 1;

    /// <param name="knownSequence">Newest sequence that any consumer has seen; see <see cref="FileJournal.Open"/>.</param>
    public RecoveredJournal Recover(long knownSequence)
    {
        _floor = knownSequence + 1;
        var segments = ReadHeaders();
        FaultPoints.Hit("recovery-headers-read");
        var id = segments.Count > 0 ? segments[^1].Header.JournalId : NewId();
        foreach (var foreign in segments.Where(segment => segment.Header.JournalId != id))
        {
            quarantine.Move(foreign.Path, foreign.End, foreign.First, "belongs to another journal");
        }

        segments.RemoveAll(segment => segment.Header.JournalId != id);
        if (segments.Count > 0)
        {
            segments[^1] = RecoverLast(segments[^1]);
        }

        // A file that was renamed into place by a process that died may not have a durable name yet.
        files.SyncFolder(folder);
        FaultPoints.Hit("recovery-last-segment-synced");
        return new RecoveredJournal(id, new SegmentSet(segments), _floor);
    }

    private List<Segment> ReadHeaders()
    {
        var segments = new List<Segment>();
        foreach (var name in files.List(folder).Order(StringComparer.Ordinal))
        {
            var path = Path.Combine(folder, name);
            if (name.EndsWith(SegmentFile.UnfinishedExtension, StringComparison.Ordinal))
            {
                SegmentFile.TryDelete(files, path);
            }
            else if (Segment.TryParseName(name, out var first) && TryReadSegment(path, first) is { } segment)
            {
                segments.Add(segment);
            }
        }

        return segments;
    }

    private Segment? TryReadSegment(string path, long first)
    {
        Span<byte> bytes = stackalloc byte[SegmentHeader.TotalBytes];
        long length;
        using (var file = files.Open(path, writable: false))
        {
            length = file.Length;
            bytes = bytes[..file.Read(bytes, 0)];
        }

        var isRead = SegmentHeader.TryRead(bytes, out var header);
        if (isRead && header.Version is 0 or > SegmentHeader.CurrentVersion)
        {
            throw new JournalOpenException(
                $"Journal segment {path} has format version {header.Version}; this program reads up to "
                + $"{SegmentHeader.CurrentVersion}. It was written by a newer version: run that one, or move the journal folder away.");
        }

        if (isRead && header.First == first && length >= SegmentHeader.TotalBytes)
        {
            return new Segment(path, header, length);
        }

        _floor = Math.Max(_floor, Math.Min(first, long.MaxValue / 2) + (length / Frame.MinBytesPerSequence) + 1);
        quarantine.Move(path, length, first, isRead ? "the header does not fit the file" : "both copies of the header are damaged");
        return null;
    }

    private Segment RecoverLast(Segment last)
    {
        using var file = files.Open(last.Path, writable: true);
        var scanner = new FrameScanner(file, last.Header);
        var end = last.End;
        ScanStep step;
        while ((step = scanner.Next(last.End, long.MaxValue)).Outcome != ScanOutcome.End)
        {
            if (step.Outcome == ScanOutcome.Tail)
            {
                end = step.Offset;
            }

            // A torn tail was never acknowledged. Whole frames with a wrong checksum may have been.
            if (step.Outcome is ScanOutcome.Damage || (step.Outcome is ScanOutcome.Tail && step.Fault != FrameFault.Torn))
            {
                quarantine.Report(
                    last.Name, file, step.Offset, step.Length, scanner.Expected, Quarantine.Describe(step.Fault));
                _floor = Math.Max(_floor, scanner.Expected + (step.Length / Frame.MinBytesPerSequence) + 1);
            }
        }

        _floor = Math.Max(_floor, scanner.Expected);
        var recovered = new Segment(last.Path, last.Header, end);
        try
        {
            if (end < last.End)
            {
                file.Truncate(end);
            }

            // What a killed process had written may still be in memory only. Consumers are about to read it as durable.
            file.Sync();
        }
        catch (DiskException)
        {
            // That file must not be synced again; its content as read just now goes to a new one.
            Rewrite(recovered, file);
        }

        return recovered;
    }

    private void Rewrite(Segment segment, IJournalFile from)
    {
        using var file = SegmentFile.Create(files, folder, segment.Header, copy =>
        {
            var buffer = new byte[CopyBytes];
            for (long done = SegmentHeader.TotalBytes; done < segment.End;)
            {
                var read = from.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, segment.End - done)), done);
                if (read == 0)
                {
                    throw new DiskException("pread", segment.Path, DiskException.InputOutput);
                }

                copy.Write([buffer.AsMemory(0, read)], done);
                done += read;
            }
        });
    }

    private static ulong NewId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong id;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            id = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
        while (id == 0);
        return id;
    }
}
