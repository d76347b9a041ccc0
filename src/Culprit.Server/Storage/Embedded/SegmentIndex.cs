using System.Buffers.Binary;
using System.IO.Hashing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Microsoft.Win32.SafeHandles;

namespace Culprit.Server.Storage.Embedded;

/// <summary>What a segment tells about its rows without reading them: where which times are, and how many records of each series in each minute.</summary>
/// <remarks>
/// It lies in the file between the last row group and the footer, where other readers do not look: u32 length and u64 XxHash64 of
/// the header, the header, then the filters of the groups (<see cref="KeyFilter"/>, <see cref="TrigramSet"/>).
/// </remarks>
internal sealed class SegmentIndex
{
    public const byte Version = 1;
    public const int PrefixBytes = 12;
    public const long Minute = 60 * UnixNanos.PerSecond;

    private const int MinutesPerHour = 60;

    private SegmentIndex(SegmentGroup[] groups, RecordSeries[] series, List<SeriesCount>? hours)
    {
        Groups = groups;
        Series = series;
        Hours = hours;
        Bytes = (64 * groups.Length) + (200 * series.Length) + (32 * (hours?.Count ?? 0));
    }

    public IReadOnlyList<SegmentGroup> Groups { get; }

    public IReadOnlyList<RecordSeries> Series { get; }

    /// <summary>By series and hour, added up from the minutes in the file; null when there are too many to be of use.</summary>
    public IReadOnlyList<SeriesCount>? Hours { get; }

    /// <summary>What it takes in memory, about.</summary>
    public int Bytes { get; }

    public static long MinuteOf(long nanos) => (nanos / Minute) - (nanos % Minute < 0 ? 1 : 0);

    /// <summary>Reads it from its place in a file; null when it is damaged or of another version.</summary>
    public static SegmentIndex? Read(SafeFileHandle file, long at)
    {
        if (ReadHeader(file, at) is not { } header)
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(header, 1, header.Length - 1));
        var groups = ReadGroups(reader, at + PrefixBytes + header.Length);
        var series = ReadSeries(reader);
        return new SegmentIndex(groups, series, reader.ReadBoolean() ? ToHours(ReadMinutes(reader, series.Length)) : null);
    }

    /// <summary>Counts by series and minute; null when it is damaged or has none.</summary>
    public static IReadOnlyList<SeriesCount>? ReadMinutes(SafeFileHandle file, long at)
    {
        if (ReadHeader(file, at) is not { } header)
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(header, 1, header.Length - 1));
        ReadGroups(reader, 0);
        var series = ReadSeries(reader).Length;
        return reader.ReadBoolean() ? ReadMinutes(reader, series) : null;
    }

    private static byte[]? ReadHeader(SafeFileHandle file, long at)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (RandomAccess.Read(file, prefix, at) != PrefixBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length <= 0 || length > RandomAccess.GetLength(file) - at - PrefixBytes)
        {
            return null;
        }

        var header = new byte[length];
        return RandomAccess.Read(file, header, at + PrefixBytes) == length
            && XxHash64.HashToUInt64(header) == BinaryPrimitives.ReadUInt64LittleEndian(prefix[4..])
            && header[0] == Version
                ? header
                : null;
    }

    private static SegmentGroup[] ReadGroups(BinaryReader reader, long filtersAt)
    {
        var groups = new SegmentGroup[reader.Read7BitEncodedInt()];
        for (var g = 0; g < groups.Length; g++)
        {
            var (rows, min, max) = (reader.Read7BitEncodedInt(), reader.ReadInt64(), reader.ReadInt64());
            var (keyBlocks, hasTrigrams) = (reader.Read7BitEncodedInt(), reader.ReadBoolean());
            var keysAt = filtersAt;
            filtersAt += (long)keyBlocks * KeyFilter.BlockBytes;
            groups[g] = new SegmentGroup(rows, min, max, keysAt, keyBlocks, hasTrigrams ? filtersAt : 0);
            filtersAt += hasTrigrams ? TrigramSet.Bytes : 0;
        }

        return groups;
    }

    private static RecordSeries[] ReadSeries(BinaryReader reader)
    {
        var series = new RecordSeries[reader.Read7BitEncodedInt()];
        for (var s = 0; s < series.Length; s++)
        {
            series[s] = new RecordSeries(
                reader.ReadString(),
                reader.ReadString(),
                (Severity)reader.ReadByte(),
                (EventKind)reader.ReadByte(),
                reader.ReadString(),
                new PatternId(reader.ReadUInt64()));
        }

        return series;
    }

    private static SeriesCount[] ReadMinutes(BinaryReader reader, int series)
    {
        var counts = new SeriesCount[reader.Read7BitEncodedInt()];
        var next = 0;
        for (var s = 0; s < series; s++)
        {
            var minutes = reader.Read7BitEncodedInt();
            var minute = reader.ReadInt64();
            for (var m = 0; m < minutes; m++)
            {
                minute += reader.Read7BitEncodedInt64();
                var records = reader.Read7BitEncodedInt64();
                counts[next++] = new SeriesCount(s, minute, records, records + reader.Read7BitEncodedInt64());
            }
        }

        return counts;
    }

    private static List<SeriesCount> ToHours(SeriesCount[] minutes)
    {
        var hours = new List<SeriesCount>();
        foreach (var minute in minutes)
        {
            var hour = (minute.Span / MinutesPerHour) - (minute.Span % MinutesPerHour < 0 ? 1 : 0);
            if (hours.Count > 0 && hours[^1] is var last && last.Series == minute.Series && last.Span == hour)
            {
                hours[^1] = last with { Records = last.Records + minute.Records, Count = last.Count + minute.Count };
            }
            else
            {
                hours.Add(minute with { Span = hour });
            }
        }

        return hours;
    }
}
