using System.Buffers;
using ParquetSharp;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The rows of one row group, read back into memory column by column.</summary>
internal sealed class SegmentColumns
{
    private const int RowsAtOnce = 4096;

    private readonly long[][] _numbers = new long[SegmentSchema.Count][];
    private readonly byte[][] _texts = new byte[SegmentSchema.Count][];
    private readonly int[][] _ends = new int[SegmentSchema.Count][];

    private SegmentColumns(int rows) => Rows = rows;

    public int Rows { get; }

    /// <summary>Memory that they take.</summary>
    public long Bytes =>
        _numbers.Sum(n => (n?.Length ?? 0) * (long)sizeof(long)) + _texts.Sum(t => (long)(t?.Length ?? 0)) + _ends.Sum(e => (e?.Length ?? 0) * (long)sizeof(int));

    /// <exception cref="ParquetException">The file is damaged.</exception>
    /// <exception cref="InvalidDataException">It is not what Culprit writes.</exception>
    public static SegmentColumns Read(RowGroupReader group)
    {
        var columns = new SegmentColumns((int)group.MetaData.NumRows);
        for (var c = 0; c < group.MetaData.NumColumns; c++)
        {
            using var reader = group.Column(c);
            columns.Read(reader, SegmentSchema.NumberOf(reader.ColumnDescriptor.Name));
        }

        return columns;
    }

    /// <summary>A number, or <paramref name="absent"/> where the row or an older file has none.</summary>
    public long Number(int column, int row, long absent = 0) =>
        _numbers[column] is { } numbers && (_ends[column] is not { } present || present[row] > 0) ? numbers[row] : absent;

    /// <summary>A text as UTF-8; empty where the row has none.</summary>
    public ReadOnlySpan<byte> Text(int column, int row)
    {
        if (_texts[column] is not { } text)
        {
            return [];
        }

        var start = row == 0 ? 0 : _ends[column][row - 1];
        return text.AsSpan(start, _ends[column][row] - start);
    }

    private void Read(ColumnReader reader, int column)
    {
        switch (reader)
        {
            case ColumnReader<long> longs:
                Read(longs, column, (long value) => value);
                break;
            case ColumnReader<int> ints:
                Read(ints, column, (int value) => value);
                break;
            case ColumnReader<ByteArray> texts:
                ReadTexts(texts, column);
                break;
            default:
                throw new InvalidDataException($"Column {column} is a {reader.GetType()}.");
        }
    }

    private void Read<T>(ColumnReader<T> reader, int column, Func<T, long> toNumber)
        where T : unmanaged
    {
        var numbers = _numbers[column] = new long[Rows];
        var present = IsOptional(reader) ? _ends[column] = new int[Rows] : null;
        ForEach(reader, (row, value) =>
        {
            if (value is { } some)
            {
                numbers[row] = toNumber(some);
                present?[row] = 1;
            }
        });
    }

    private unsafe void ReadTexts(ColumnReader<ByteArray> reader, int column)
    {
        var text = new byte[1024]; // Most columns are empty, or nearly.
        var ends = _ends[column] = new int[Rows];
        var length = 0;
        ForEach(reader, (row, value) =>
        {
            if (value is { } some)
            {
                if (text.Length - length < some.Length)
                {
                    Array.Resize(ref text, Math.Max(2 * text.Length, length + some.Length));
                }

                new ReadOnlySpan<byte>((void*)some.Pointer, some.Length).CopyTo(text.AsSpan(length));
                length += some.Length;
            }

            ends[row] = length;
        });
        _texts[column] = text;
    }

    /// <summary>Hands over every row's value, null where it has none; texts are gone with the next read.</summary>
    private void ForEach<T>(ColumnReader<T> reader, Action<int, T?> add)
        where T : unmanaged
    {
        // Ten thousands of each would go to the large-object heap, and nothing cleans up there until memory is short.
        var (values, levels) = (ArrayPool<T>.Shared.Rent(RowsAtOnce), ArrayPool<short>.Shared.Rent(RowsAtOnce));
        try
        {
            ForEach(reader, values, levels, add);
        }
        finally
        {
            ArrayPool<T>.Shared.Return(values);
            ArrayPool<short>.Shared.Return(levels);
        }
    }

    private void ForEach<T>(ColumnReader<T> reader, T[] values, short[] levels, Action<int, T?> add)
        where T : unmanaged
    {
        var isOptional = IsOptional(reader);
        for (var row = 0; row < Rows;)
        {
            var left = Math.Min(Rows - row, RowsAtOnce);
            var read = (int)reader.ReadBatch(left, levels.AsSpan(0, left), [], values.AsSpan(0, left), out _);
            if (read <= 0)
            {
                throw new InvalidDataException($"A column has {row} values instead of {Rows}.");
            }

            var next = 0;
            for (var i = 0; i < read; i++)
            {
                add(row + i, isOptional && levels[i] == 0 ? null : values[next++]);
            }

            row += read;
        }
    }

    private static bool IsOptional(ColumnReader reader) => reader.ColumnDescriptor.MaxDefinitionLevel > 0;
}
