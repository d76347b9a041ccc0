using System.Buffers;
using Culprit.Engine.Storage;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Writes batches as one Parquet file, and publishes it under its name once it is whole and on disk.</summary>
/// <remarks>Not thread-safe: flushes come one at a time.</remarks>
/// <param name="folder">Exists.</param>
internal sealed class SegmentWriter(string folder, int compressionLevel)
{
    public const string TemporaryExtension = ".tmp";

    private readonly SegmentRows _rows = new();

    /// <summary>The published file; it counts only once the manifest lists it.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public Segment Write(IReadOnlyList<TailEntry> entries)
    {
        var name = Segment.NameOf(entries[0].Batch.FirstSequence, entries[^1].Batch.LastSequence);
        var final = Path.Combine(folder, name);
        var temporary = final + TemporaryExtension;
        try
        {
            var rowsWithId = WriteFile(temporary, entries);
            var bytes = new FileInfo(temporary).Length;
            DurableFile.Publish(temporary, final);
            return new Segment(
                name,
                Segment.DefaultRetentionClass,
                entries[0].Batch.FirstSequence,
                entries[^1].Batch.LastSequence,
                entries.Min(e => e.MinNanos),
                entries.Max(e => e.MaxNanos),
                entries.Sum(e => (long)e.Batch.Count),
                rowsWithId,
                bytes);
        }
        catch (Exception e) when (e is ParquetException or IOException)
        {
            File.Delete(temporary);
            throw e as IOException ?? new IOException($"Could not write {temporary}: {e.Message}", e);
        }
    }

    private long WriteFile(string path, IReadOnlyList<TailEntry> entries)
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

        var rowsWithId = WriteRows(entries, columns);
        foreach (var column in columns)
        {
            column.Dispose();
        }

        group.Close();
        file.Close();
        return rowsWithId;
    }

    private long WriteRows(IReadOnlyList<TailEntry> entries, ColumnWriter[] columns)
    {
        var rowsWithId = 0L;
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
                    rowsWithId += record.Id.IsEmpty ? 0 : 1;
                    _rows.Add(record, entry.Pattern(i), entry.DuplicateOf(i));
                    if (_rows.IsFull)
                    {
                        _rows.WriteTo(columns);
                    }
                }
            }

            _rows.WriteTo(columns);
            return rowsWithId;
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
