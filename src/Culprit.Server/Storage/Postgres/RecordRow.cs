using System.Buffers;
using System.Buffers.Binary;
using System.Data.Common;
using System.Diagnostics;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>One record as a row: written in the binary form of COPY, and read back.</summary>
/// <remarks>The driver's own writer of rows costs twice the CPU: it takes values one by one. The form is PostgreSQL's, of version 7.4 and later.</remarks>
internal static class RecordRow
{
    public const string CopyColumns = """
        received, nanos, sequence, pattern, duplicate_of, class, kind, severity, flags, weight,
        service, environment, source, body, attributes, type, trace_id, span_id, id, correlation_id, causation_id
        """;

    private const short Fields = 21;

    /// <summary>What a stream of rows begins with.</summary>
    public static ReadOnlySpan<byte> Header =>
    [
        (byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xff, (byte)'\r', (byte)'\n', 0,
        0, 0, 0, 0, // flags
        0, 0, 0, 0, // length of the header's extension
    ];

    /// <summary>What it ends with: a row of -1 fields.</summary>
    public static ReadOnlySpan<byte> Trailer => [0xff, 0xff];

    public static void Write(ArrayBufferWriter<byte> output, TailEntry entry, int index)
    {
        var record = entry.Batch[index];
        var fixedPart = output.GetSpan(128);
        BinaryPrimitives.WriteInt16BigEndian(fixedPart, Fields);
        var at = 2;
        Long(fixedPart, ref at, entry.Batch.ReceivedNanos);
        Long(fixedPart, ref at, record.TimestampNanos);
        Long(fixedPart, ref at, record.Sequence);
        Long(fixedPart, ref at, unchecked((long)entry.Pattern(index).Value));
        if (entry.DuplicateOf(index) is var duplicateOf and >= 0)
        {
            Long(fixedPart, ref at, duplicateOf);
        }
        else
        {
            Length(fixedPart, ref at, -1);
        }

        Short(fixedPart, ref at, record.Mark.RetentionClass);
        Short(fixedPart, ref at, (int)record.Kind);
        Short(fixedPart, ref at, (int)record.Severity);
        Short(fixedPart, ref at, (int)record.Flags);
        Short(fixedPart, ref at, record.Weight);
        output.Advance(at);

        Text(output, record.Service);
        Text(output, record.Environment);
        Text(output, record.Source);
        Text(output, record.Body);
        Text(output, record.Attributes);
        Optional(output, record.Type);
        Optional(output, record.TraceId);
        Optional(output, record.SpanId);
        Optional(output, record.Id);
        Optional(output, record.CorrelationId);
        Optional(output, record.CausationId);
    }

    /// <param name="reader">At a row with the columns that <see cref="RecordSql"/> asks for.</param>
    public static StoredRecord Read(DbDataReader reader)
    {
        var kind = (EventKind)reader.GetInt16(2);
        return new StoredRecord
        {
            Sequence = reader.GetInt64(0),
            TimestampNanos = reader.GetInt64(1),
            Kind = kind,
            Type = TypeName(kind, reader.TextOrNull(3)),
            Severity = (Severity)reader.GetInt16(4),
            Flags = (RecordFlags)reader.GetInt16(5),
            Weight = reader.GetInt16(6),
            Service = reader.Text(7),
            Environment = reader.Text(8),
            Source = reader.Text(9),
            Body = reader.Text(10),
            Attributes = reader.Text(11),
            TraceId = reader.TextOrNull(12),
            SpanId = reader.TextOrNull(13),
            Id = reader.TextOrNull(14),
            CorrelationId = reader.TextOrNull(15),
            CausationId = reader.TextOrNull(16),
            Pattern = new PatternId(unchecked((ulong)reader.GetInt64(17))),
            DuplicateOf = reader.IsDBNull(18) ? -1 : reader.GetInt64(18),
        };
    }

    /// <summary>The wire's type of a kind; custom events bring their own.</summary>
    public static string TypeName(EventKind kind, string? type) => kind switch
    {
        EventKind.Log => "log.entry",
        EventKind.Metric => "metric.value",
        EventKind.Span => "span",
        EventKind.Change => "change",
        EventKind.Custom => type ?? string.Empty,
        _ => throw new UnreachableException($"Unknown kind {(byte)kind}."),
    };

    private static void Long(Span<byte> row, ref int at, long value)
    {
        Length(row, ref at, sizeof(long));
        BinaryPrimitives.WriteInt64BigEndian(row[at..], value);
        at += sizeof(long);
    }

    private static void Short(Span<byte> row, ref int at, int value)
    {
        Length(row, ref at, sizeof(short));
        BinaryPrimitives.WriteInt16BigEndian(row[at..], (short)value);
        at += sizeof(short);
    }

    private static void Length(Span<byte> row, ref int at, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(row[at..], length);
        at += sizeof(int);
    }

    private static void Optional(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
        {
            Text(output, text);
            return;
        }

        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(sizeof(int)), -1);
        output.Advance(sizeof(int));
    }

    private static void Text(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        if (!PostgresText.IsPlain(text))
        {
            text = PostgresText.Escape(text);
        }

        var field = output.GetSpan(sizeof(int) + text.Length);
        BinaryPrimitives.WriteInt32BigEndian(field, text.Length);
        text.CopyTo(field[sizeof(int)..]);
        output.Advance(sizeof(int) + text.Length);
    }
}
