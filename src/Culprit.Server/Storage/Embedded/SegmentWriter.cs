using Culprit.Engine.Storage;
using ParquetSharp;
using ParquetSharp.IO;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Writes batches as one Parquet file for each retention class in them, and publishes those once they are whole and on disk.</summary>
/// <remarks>Not thread-safe: flushes come one at a time.</remarks>
/// <param name="folder">Exists.</param>
internal sealed class SegmentWriter(string folder, int compressionLevel, int groupRows, RetentionClasses classes)
{
    private const int BufferBytes = 256 * 1024;

    public const string TemporaryExtension = ".tmp";

    private readonly SegmentRows _rows = new();

    /// <summary>The published files; they count only once the manifest lists them.</summary>
    /// <exception cref="IOException">The disk refused; no file is left.</exception>
    public IReadOnlyList<Segment> Write(IReadOnlyList<TailEntry> entries)
    {
        var written = new List<Segment>();
        try
        {
            foreach (var span in SegmentSpan.Of(entries))
            {
                written.Add(Write(entries, span));
            }

            return written;
        }
        catch
        {
            written.ForEach(s => File.Delete(Path.Combine(folder, s.Name)));
            throw;
        }
    }

    /// <summary>Publishes one file made of several parts, each of which is in memory only while it is written.</summary>
    /// <param name="described">All that can be said before it is written.</param>
    /// <param name="number">Of its retention class: other records are left out.</param>
    /// <exception cref="IOException">The disk refused, or there are not as many rows as described; no file is left.</exception>
    public Segment Write(Segment described, int number, IEnumerable<IReadOnlyList<TailEntry>> parts)
    {
        var final = Path.Combine(folder, described.Name);
        var temporary = final + TemporaryExtension;
        try
        {
            var (rows, indexAt, indexBytes) = WriteFile(temporary, number, parts);
            if (rows != described.Rows)
            {
                throw new IOException($"{final} would have {rows} records instead of {described.Rows}.");
            }

            var bytes = new FileInfo(temporary).Length;
            DurableFile.Publish(temporary, final);
            return described with { Bytes = bytes, Columns = SegmentSchema.Count, IndexAt = indexAt, IndexBytes = indexBytes };
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (e is ParquetException)
            {
                throw new IOException($"Could not write {temporary}: {e.Message}", e);
            }

            throw;
        }
    }

    private Segment Write(IReadOnlyList<TailEntry> entries, SegmentSpan span) => Write(
        new Segment(
            Segment.NameOf(span.FirstSequence, span.LastSequence, span.RetentionClass),
            classes.NameOf(span.RetentionClass),
            span.FirstSequence,
            span.LastSequence,
            span.MinNanos,
            span.MaxNanos,
            span.Rows,
            span.RowsWithId,
            0,
            span.ReceivedNanos,
            SegmentSchema.Count),
        span.RetentionClass,
        [entries]);

    private (long Rows, long IndexAt, int IndexBytes) WriteFile(string path, int number, IEnumerable<IReadOnlyList<TailEntry>> parts)
    {
        var series = new SeriesTable();
        var index = new SegmentIndexBuilder(series);
        var rows = 0L;
        using var schema = SegmentSchema.Create();
        using var properties = SegmentSchema.CreateProperties(compressionLevel);
        using var stream = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, BufferBytes);
        using var output = new ManagedOutputStream(stream, leaveOpen: true);
        using var file = new ParquetFileWriter(output, schema, properties);
        foreach (var entries in parts)
        {
            var order = new SegmentOrder(entries, number, groupRows, series);
            rows += order.Count;
            WriteGroups(file, entries, order, index);
        }

        // The footer has no fixed place, so what stands before it disturbs nobody.
        var at = stream.Position;
        index.WriteTo(stream);
        var bytes = (int)(stream.Position - at);
        file.Close();
        return (rows, at, bytes);
    }

    private void WriteGroups(ParquetFileWriter file, IReadOnlyList<TailEntry> entries, SegmentOrder order, SegmentIndexBuilder index)
    {
        var pins = entries.Select(e => e.Batch.Bytes.Pin()).ToList();
        _rows.Clear();
        try
        {
            foreach (var rows in order.Groups())
            {
                WriteGroup(file, rows, order, index);
            }
        }
        finally
        {
            pins.ForEach(p => p.Dispose());
        }
    }

    private void WriteGroup(ParquetFileWriter file, int[] rows, SegmentOrder order, SegmentIndexBuilder index)
    {
        using var group = file.AppendBufferedRowGroup();
        var columns = new ColumnWriter[SegmentSchema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = group.Column(c);
        }

        foreach (var row in rows)
        {
            var (entry, i, series) = order[row];
            var record = entry.Batch[i];
            index.Add(record, series);
            _rows.Add(record, entry.Pattern(i), entry.DuplicateOf(i));
            if (_rows.IsFull)
            {
                _rows.WriteTo(columns);
            }
        }

        _rows.WriteTo(columns);
        index.EndGroup();
        foreach (var column in columns)
        {
            column.Dispose();
        }

        group.Close();
    }
}
