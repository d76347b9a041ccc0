using Culprit.Engine.Storage;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Writes the rows of several segments as one, a few row groups in memory at a time.</summary>
/// <remarks>Not thread-safe: merges come one at a time.</remarks>
internal sealed class SegmentMerger(string folder, SegmentWriter writer, EmbeddedStoreOptions options)
{
    /// <summary>The published file; it counts only once the manifest lists it instead of the others.</summary>
    /// <param name="segments">Of one retention class, in the order of arrival.</param>
    /// <exception cref="UnreadableSegmentException">One of them is damaged; nothing has changed.</exception>
    /// <exception cref="IOException">The disk refused, or rows are missing; nothing has changed.</exception>
    public Segment Merge(IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        var number = Segment.ClassOf(segments[0].Name);
        var (first, last) = (segments.Min(s => s.FirstSequence), segments.Max(s => s.LastSequence));
        var merged = segments[0] with
        {
            Name = Segment.NameOf(first, last, number, 1 + segments.Max(s => Segment.GenerationOf(s.Name))),
            FirstSequence = first,
            LastSequence = last,
            MinNanos = segments.Min(s => s.MinNanos),
            MaxNanos = segments.Max(s => s.MaxNanos),
            Rows = segments.Sum(s => s.Rows),
            RowsWithId = segments.Sum(s => s.RowsWithId),
            ReceivedNanos = segments.Max(s => s.ReceivedNanos),
        };
        return writer.Write(merged, number, Read(segments, number, cancellationToken));
    }

    /// <summary>Their rows, at most as many at a time as a segment that comes from memory has.</summary>
    private IEnumerable<IReadOnlyList<TailEntry>> Read(IReadOnlyList<Segment> segments, int number, CancellationToken cancellationToken)
    {
        var batches = new SegmentBatches(number);
        var groups = new List<SegmentColumns>();
        var (rows, bytes) = (0L, 0L);
        foreach (var segment in segments)
        {
            using var file = Open(segment);
            for (var g = 0; g < file.FileMetaData.NumRowGroups; g++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var columns = Read(file, g, segment);
                if (rows > 0 && (rows + columns.Rows > options.MaxSegmentRows || bytes + columns.Bytes > options.MaxMergeBytes))
                {
                    yield return batches.Of(groups);
                    groups.Clear();
                    (rows, bytes) = (0, 0);
                }

                groups.Add(columns);
                rows += columns.Rows;
                bytes += columns.Bytes;
            }
        }

        yield return batches.Of(groups);
    }

    private ParquetFileReader Open(Segment segment)
    {
        try
        {
            using var properties = ReaderProperties.GetDefaultReaderProperties();
            properties.EnablePageChecksumVerification();
            return new ParquetFileReader(Path.Combine(folder, segment.Name), properties);
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            throw new UnreadableSegmentException(segment, e);
        }
    }

    private static SegmentColumns Read(ParquetFileReader file, int number, Segment segment)
    {
        try
        {
            using var group = file.RowGroup(number);
            return SegmentColumns.Read(group);
        }
        catch (Exception e) when (e is ParquetException or InvalidDataException or OverflowException)
        {
            throw new UnreadableSegmentException(segment, e);
        }
    }
}
