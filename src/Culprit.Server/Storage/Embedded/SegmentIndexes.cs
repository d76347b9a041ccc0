using System.Text;
using Culprit.Engine.Storage;
using Microsoft.Win32.SafeHandles;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Reads the indexes of segments, keeps those last used, and asks the filters in the files.</summary>
/// <remarks>Thread-safe. Memory is bounded; an index that is missing or damaged only means that the rows are read instead.</remarks>
internal sealed class SegmentIndexes(string folder)
{
    private const long MaxBytes = 64L * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Name, SegmentIndex? Index)>> _known = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Name, SegmentIndex? Index)> _byUse = new();
    private long _bytes;

    /// <summary>What is kept, in bytes of memory, about.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>The index of a segment, or null when it has none that can be read.</summary>
    public SegmentIndex? Find(Segment segment)
    {
        if (segment.IndexAt == 0)
        {
            return null;
        }

        lock (_gate)
        {
            if (_known.TryGetValue(segment.Name, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return node.Value.Index;
            }
        }

        using var file = Open(segment);
        var index = file is null ? null : SegmentIndex.Read(file, segment.IndexAt);
        Remember(segment.Name, index);
        return index;
    }

    /// <summary>The counts of a segment by series and minute; null when the rows must be counted instead.</summary>
    public IReadOnlyList<SeriesCount>? ReadMinutes(Segment segment)
    {
        using var file = Open(segment);
        return file is null ? null : SegmentIndex.ReadMinutes(file, segment.IndexAt);
    }

    /// <summary>Forgets segments that are gone.</summary>
    public void Forget(IEnumerable<Segment> segments)
    {
        lock (_gate)
        {
            foreach (var segment in segments)
            {
                if (_known.TryGetValue(segment.Name, out var node))
                {
                    RemoveLocked(node);
                }
            }
        }
    }

    /// <summary>The groups that may hold records with one of the keys, or with the text; all of them when the file does not tell.</summary>
    /// <param name="keys">From <see cref="KeyFilter.HashOf"/>; each must be there.</param>
    public IReadOnlyList<SegmentGroup> Narrow(Segment segment, IReadOnlyList<SegmentGroup> groups, IReadOnlyList<ulong> keys, string? text)
    {
        var needle = text is null ? [] : Encoding.UTF8.GetBytes(text);
        if ((keys.Count == 0 && needle.Length < 3) || groups.Count == 0)
        {
            return groups;
        }

        using var file = Open(segment);
        return file is null ? groups : [.. groups.Where(g => keys.All(k => MayHold(file, g, k)) && MayHold(file, g, needle))];
    }

    private static bool MayHold(SafeFileHandle file, SegmentGroup group, ulong key)
    {
        if (group.KeyBlocks == 0)
        {
            return false;
        }

        Span<byte> block = stackalloc byte[KeyFilter.BlockBytes];
        var at = group.KeysAt + ((long)KeyFilter.BlockBytes * KeyFilter.BlockOf(key, group.KeyBlocks));
        return RandomAccess.Read(file, block, at) != block.Length || KeyFilter.MayHold(block, key);
    }

    private static bool MayHold(SafeFileHandle file, SegmentGroup group, byte[] text)
    {
        if (group.TrigramsAt == 0 || text.Length < 3)
        {
            return true;
        }

        Span<byte> set = stackalloc byte[TrigramSet.Bytes];
        return RandomAccess.Read(file, set, group.TrigramsAt) != set.Length || TrigramSet.MayHold(set, text);
    }

    /// <summary>Null when the file cannot be opened: whoever reads its rows will find out why.</summary>
    private SafeFileHandle? Open(Segment segment)
    {
        try
        {
            return File.OpenHandle(Path.Combine(folder, segment.Name), options: FileOptions.RandomAccess);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Remember(string name, SegmentIndex? index)
    {
        lock (_gate)
        {
            if (_known.ContainsKey(name))
            {
                return;
            }

            _known.Add(name, _byUse.AddFirst((name, index)));
            _bytes += BytesOf(index);
            while (_bytes > MaxBytes && _byUse.Last is { } last && last != _byUse.First)
            {
                RemoveLocked(last);
            }
        }
    }

    private void RemoveLocked(LinkedListNode<(string Name, SegmentIndex? Index)> node)
    {
        _byUse.Remove(node);
        _known.Remove(node.Value.Name);
        _bytes -= BytesOf(node.Value.Index);
    }

    private static int BytesOf(SegmentIndex? index) => 256 + (index?.Bytes ?? 0);
}
