using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;

namespace Culprit.Engine.Patterns;

/// <content>Snapshot and restore: a restored miner answers and learns exactly as the original would have.</content>
internal sealed partial class PatternMiner
{
    private const uint Magic = 0x4D504331; // "1CPM"

    private const byte Version = 2;

    private const int HeaderBytes = 13;

    /// <summary>Writes the whole state: u32 magic, u8 version, u64 XXH3 of the rest, the rest.</summary>
    public void Save(IBufferWriter<byte> output)
    {
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        var writer = new SnapshotWriter(body);
        var patterns = SavePatterns(writer);
        _skeletons.Save(writer, patterns);
        _holes.Save(writer);
        _frames.Save(writer);
        _templates.Save(writer);
        _values.Save(writer);
        _overflow.Save(writer);
        writer.Number((ulong)Overflowed);
        writer.Number((ulong)AliasesDropped);
        writer.Number((ulong)(_values.Version - _settledAt));
        writer.Number((ulong)Evicted);
        writer.Number(_aliasOrder.Count);
        foreach (var old in _aliasOrder)
        {
            writer.Hash(old);
            writer.Hash(_aliases[old]);
        }

        writer.Number(_newAliases.Count);
        foreach (var (old, current) in _newAliases)
        {
            writer.Hash(old.Value);
            writer.Hash(current.Value);
        }

        var header = output.GetSpan(HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        header[4] = Version;
        BinaryPrimitives.WriteUInt64LittleEndian(header[5..], XxHash3.HashToUInt64(body.WrittenSpan));
        output.Advance(HeaderBytes);
        output.Write(body.WrittenSpan);
    }

    /// <summary>Restores a miner; null when the bytes are no snapshot of this version, or damaged.</summary>
    public static PatternMiner? Load(ReadOnlySpan<byte> snapshot, PatternOptions options)
    {
        if (snapshot.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(snapshot) != Magic
            || snapshot[4] != Version
            || BinaryPrimitives.ReadUInt64LittleEndian(snapshot[5..]) != XxHash3.HashToUInt64(snapshot[HeaderBytes..]))
        {
            return null;
        }

        var miner = new PatternMiner(options);
        var reader = new SnapshotReader(snapshot[HeaderBytes..]);
        return miner.TryRead(ref reader) ? miner : null;
    }

    private Dictionary<Pattern, int> SavePatterns(SnapshotWriter writer)
    {
        var patterns = new Dictionary<Pattern, int>();
        foreach (var skeleton in _skeletons.All)
        {
            patterns.TryAdd(skeleton.Pattern, patterns.Count);
        }

        writer.Number(patterns.Count);
        foreach (var pattern in patterns.Keys)
        {
            writer.Hash(pattern.Id);
            writer.Flag(pattern.HasTemplate);
            var isHeld = _skeletons.Find(pattern.Display.Id) == pattern.Display;
            writer.Flag(isHeld);
            if (isHeld)
            {
                writer.Hash(pattern.Display.Id);
            }
            else
            {
                pattern.Display.Save(writer);
            }
        }

        return patterns;
    }

    private bool TryRead(ref SnapshotReader reader)
    {
        var count = reader.Count();
        var patterns = new (ulong Id, bool HasTemplate, ulong DisplayId, Skeleton? Display)[count];
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            patterns[i].Id = reader.Hash();
            patterns[i].HasTemplate = reader.Flag();
            if (reader.Flag())
            {
                patterns[i].DisplayId = reader.Hash();
            }
            else
            {
                patterns[i].Display = Skeleton.Read(ref reader);
            }
        }

        if (!_skeletons.TryRead(ref reader, count, out var members) || !Connect(patterns, members))
        {
            return false;
        }

        _holes.Read(ref reader);
        _frames.Read(ref reader, _skeletons);
        _templates.Read(ref reader, _skeletons);
        _values.Read(ref reader);
        _overflow.Read(ref reader);
        Overflowed = (long)reader.Number();
        AliasesDropped = (long)reader.Number();
        _settledAt = _values.Version - (long)reader.Number();
        Evicted = (long)reader.Number();
        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            Remember(reader.Hash(), reader.Hash());
        }

        for (var n = reader.Count(); n > 0 && !reader.Failed; n--)
        {
            _newAliases.Add(new(new(reader.Hash()), new(reader.Hash())));
        }

        return !reader.Failed && reader.AtEnd;
    }

    private bool Connect((ulong Id, bool HasTemplate, ulong DisplayId, Skeleton? Display)[] patterns, List<(Skeleton Member, int Pattern)> members)
    {
        var restored = new Pattern[patterns.Length];
        for (var i = 0; i < patterns.Length; i++)
        {
            if ((patterns[i].Display ?? _skeletons.Find(patterns[i].DisplayId)) is not { } display)
            {
                return false;
            }

            restored[i] = new Pattern(patterns[i].Id, display) { HasTemplate = patterns[i].HasTemplate };
        }

        foreach (var (member, pattern) in members)
        {
            member.SetPattern(restored[pattern]);
            restored[pattern].Live++;
        }

        return true;
    }
}
