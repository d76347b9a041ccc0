using System.Globalization;

namespace Culprit.Server.Journal;

/// <summary>Keeps a copy of damaged bytes in <c>corrupt/</c> for people to look at, and the list of what was damaged.</summary>
/// <remarks>
/// A range inside a segment is copied, not cut out: the segment is not rewritten for it, readers skip it, and it goes when
/// the segment is trimmed. Failing to copy is never a reason to stop. The list holds the first 1,000 ranges; the count goes on.
/// </remarks>
internal sealed class Quarantine(IFileSystem files, string journalFolder, long maxBytes)
{
    private const int MaxListed = 1000;
    private const int CopyBytes = 1024 * 1024;

    private readonly string _folder = Path.Combine(journalFolder, "corrupt");
    private readonly Lock _lock = new();
    private readonly HashSet<(string Segment, long Offset)> _seen = [];
    private readonly List<CorruptRange> _ranges = [];
    private long _bytes;
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public IReadOnlyList<CorruptRange> Ranges
    {
        get
        {
            lock (_lock)
            {
                return [.. _ranges];
            }
        }
    }

    /// <summary>Reports a range, once however often it is read, and copies its bytes.</summary>
    public void Report(string segment, IJournalFile? file, long offset, long length, long firstSequence, string reason)
    {
        lock (_lock)
        {
            if (_seen.Count < 10 * MaxListed && !_seen.Add((segment, offset)))
            {
                return;
            }
        }

        var name = file is null || length == 0
            ? null
            : TryCopy(string.Create(CultureInfo.InvariantCulture, $"{segment}-{offset}-{length}"), file, offset, length);
        Add(new CorruptRange(segment, offset, length, firstSequence, reason, name));
    }

    /// <summary>Moves a whole file away, so that the journal never reads it again.</summary>
    public void Move(string path, long length, long firstSequence, string reason)
    {
        var segment = Path.GetFileName(path);
        string? name = null;
        try
        {
            files.CreateFolder(_folder);
            files.Rename(path, Path.Combine(_folder, segment));
            name = segment;
        }
        catch (DiskException)
        {
            // It stays where it is and is left out; the next start tries again.
        }

        Add(new CorruptRange(segment, 0, length, firstSequence, reason, name));
    }

    public static string Describe(FrameFault fault) => fault switch
    {
        FrameFault.Torn => "the file ends inside a frame",
        FrameFault.BadHeader => "no frame of this segment begins here",
        FrameFault.BadChecksum => "checksum does not agree",
        FrameFault.BadPayload => "payload is not what this version writes",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown fault {fault}."),
    };

    private void Add(CorruptRange range)
    {
        lock (_lock)
        {
            _count++;
            if (_ranges.Count < MaxListed)
            {
                _ranges.Add(range);
            }
        }
    }

    private string? TryCopy(string name, IJournalFile file, long offset, long length)
    {
        if (Interlocked.Add(ref _bytes, length) > maxBytes)
        {
            return null;
        }

        try
        {
            files.CreateFolder(_folder);
            using var copy = files.Create(Path.Combine(_folder, name));
            var buffer = new byte[Math.Min(CopyBytes, length)];
            for (long done = 0; done < length;)
            {
                var read = file.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - done)), offset + done);
                if (read == 0)
                {
                    break;
                }

                copy.Write([buffer.AsMemory(0, read)], done);
                done += read;
            }

            return name;
        }
        catch (DiskException e)
        {
            // Taken names come from an earlier start that met the same damage.
            return e.Errno == DiskException.Exists ? name : null;
        }
    }
}
