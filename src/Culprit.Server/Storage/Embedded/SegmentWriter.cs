using System.Buffers;
using Culprit.Engine.Storage;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Writes batches as one Parquet file for each retention class in them, and publishes those once they are whole and on disk.</summary>
/// <remarks>Not thread-safe: flushes come one at a time.</remarks>
/// <param name="folder">Exists.</param>
internal sealed class SegmentWriter(string folder, int compressionLevel, RetentionClasses classes)
{
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

    private Segment Write(IReadOnlyList<TailEntry> entries, SegmentSpan span)
    {
        var name = Segment.NameOf(span.FirstSequence, span.LastSequence, span.RetentionClass);
        var final = Path.Combine(folder, name);
        var temporary = final + TemporaryExtension;
        try
        {
            WriteFile(temporary, entries, span.RetentionClass);
            var bytes = new FileInfo(temporary).Length;
            DurableFile.Publish(temporary, final);
            return new Segment(
                name,
                classes.NameOf(span.RetentionClass),
                span.FirstSequence,
                span.LastSequence,
                span.MinNanos,
                span.MaxNanos,
                span.Rows,
                span.RowsWithId,
                bytes,
                span.ReceivedNanos,
                SegmentSchema.Count);
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            File.Delete(temporary);
            throw e as IOException ?? new IOException($"Could not write {temporary}: {e.Message}", e);
        }
    }

    private void WriteFile(string path, IReadOnlyList<TailEntry> entries, int retentionClass)
    {
        using var schema = SegmentSchema.Create();
        using var properties = SegmentSchema.CreateProperties(compressionLevel);
        using var file = new ParquetFileWriter(path, schema, properties);
        using var group = file.AppendBufferedRowGroup();
        var columns = new ColumnWriter[SegmentSchema.Count];
        for (var c = 0; c < columns.Length; c++)
        {
            columns[c] = group.Column(c);
        }

        WriteRows(entries, retentionClass, columns);
        foreach (var column in columns)
        {
            column.Dispose();
        }

        group.Close();
        file.Close();
    }

    private void WriteRows(IReadOnlyList<TailEntry> entries, int retentionClass, ColumnWriter[] columns)
    {
        var pins = new List<MemoryHandle>();
        _rows.Clear();
        try
        {
            foreach (var entry in entries)
            {
                pins.Add(entry.Batch.Bytes.Pin());
                for (var i = 0; i < entry.Batch.Count; i++)
                {
                    var record = entry.Batch[i];
                    if (record.Mark.RetentionClass != retentionClass)
                    {
                        continue;
                    }

                    _rows.Add(record, entry.Pattern(i), entry.DuplicateOf(i));
                    if (_rows.IsFull)
                    {
                        _rows.WriteTo(columns);
                    }
                }
            }

            _rows.WriteTo(columns);
        }
        finally
        {
            foreach (var pin in pins)
            {
                pin.Dispose();
            }
        }
    }
}
