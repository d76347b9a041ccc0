using Culprit.Engine.Storage;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Reads every row of segments, a few row groups in memory at a time.</summary>
internal sealed class SegmentScan(string folder, EmbeddedStoreOptions options)
{
    /// <summary>Their rows, at most as many at a time as a segment that comes from memory has.</summary>
    /// <param name="number">The retention class under which they are written again.</param>
    /// <param name="receivedNanos">When they came in, for who cares.</param>
    /// <exception cref="UnreadableSegmentException">One of them is damaged.</exception>
    public IEnumerable<IReadOnlyList<TailEntry>> Read(
        IReadOnlyList<Segment> segments, int number, long receivedNanos, CancellationToken cancellationToken)
    {
        var batches = new SegmentBatches(number, receivedNanos);
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
