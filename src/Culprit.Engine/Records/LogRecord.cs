using System.Buffers.Binary;
using System.Text;

namespace Culprit.Engine.Records;

/// <summary>
/// One ingested event: a view of its encoded bytes. Nothing is copied; all text is UTF-8.
/// </summary>
/// <remarks>
/// Encoding (little endian): u32 total length; i64 timestamp in Unix nanoseconds; u8 <see cref="EventKind"/>;
/// u8 <see cref="Records.Severity"/>; u16 flags: bits 0-7 <see cref="RecordFlags"/>, 8-10 the retention class, 11-15 the code
/// of the sampling weight (see <see cref="RecordMark"/>; both are 0 in what older versions wrote); then for each of the <see cref="FieldCount"/>
/// fields, in the order of the constants below, the u32 end of its bytes relative to the end of this header; then the bytes.
/// </remarks>
internal readonly ref struct LogRecord
{
    internal const int FieldCount = 11;
    internal const int HeaderBytes = 16 + (4 * FieldCount);

    internal const int ServiceField = 0;
    internal const int EnvironmentField = 1;
    internal const int BodyField = 2;
    internal const int AttributesField = 3;
    internal const int TraceIdField = 4;
    internal const int SpanIdField = 5;
    internal const int SourceField = 6;
    internal const int IdField = 7;
    internal const int TypeField = 8;
    internal const int CorrelationIdField = 9;
    internal const int CausationIdField = 10;

    private readonly ReadOnlySpan<byte> _bytes;

    internal LogRecord(ReadOnlySpan<byte> bytes, long sequence)
    {
        _bytes = bytes;
        Sequence = sequence;
    }

    /// <summary>Position in the journal; counts records, ticks and control entries, never reused.</summary>
    public long Sequence { get; }

    /// <summary>Event time as sent, in Unix nanoseconds (receive time when <see cref="RecordFlags.ReceiveTime"/>).</summary>
    public long TimestampNanos => BinaryPrimitives.ReadInt64LittleEndian(_bytes[4..]);

    public EventKind Kind => (EventKind)_bytes[12];

    public Severity Severity => (Severity)_bytes[13];

    public RecordFlags Flags => (RecordFlags)(Bits & RecordMark.FlagsMask);

    public RecordMark Mark => RecordMark.FromBits(Bits);

    /// <summary>Records that this one stands for: 1, or more when others like it were sampled out.</summary>
    public int Weight => Mark.Weight;

    /// <summary>The service that spoke; never empty (<c>unknown</c> when the sender did not say).</summary>
    public ReadOnlySpan<byte> Service => Field(ServiceField);

    /// <summary>The environment it runs in; never empty (<c>default</c> when the sender did not say).</summary>
    public ReadOnlySpan<byte> Environment => Field(EnvironmentField);

    /// <summary>The message of a log record, the name of a metric, the operation of a span.</summary>
    public ReadOnlySpan<byte> Body => Field(BodyField);

    /// <summary>The remaining fields as one JSON object, or empty. For a custom event, the whole object as sent.</summary>
    public ReadOnlySpan<byte> Attributes => Field(AttributesField);

    public ReadOnlySpan<byte> TraceId => Field(TraceIdField);

    public ReadOnlySpan<byte> SpanId => Field(SpanIdField);

    /// <summary>The shipper or emitter, as the wire's <c>source</c>; may be empty.</summary>
    public ReadOnlySpan<byte> Source => Field(SourceField);

    /// <summary>The sender's id; empty when it gave none (see <see cref="RecordId"/>).</summary>
    public ReadOnlySpan<byte> Id => Field(IdField);

    /// <summary>The wire's <c>type</c> of a <see cref="EventKind.Custom"/> event; empty otherwise.</summary>
    public ReadOnlySpan<byte> Type => Field(TypeField);

    public ReadOnlySpan<byte> CorrelationId => Field(CorrelationIdField);

    public ReadOnlySpan<byte> CausationId => Field(CausationIdField);

    /// <summary>The encoded form, for copying a record whole.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The wire's <c>type</c>.</summary>
    public string TypeName => Kind switch
    {
        EventKind.Log => "log.entry",
        EventKind.Metric => "metric.value",
        EventKind.Span => "span",
        EventKind.Change => "change",
        EventKind.Custom => Encoding.UTF8.GetString(Type),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)Kind}."),
    };

    private ushort Bits => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[14..]);

    private ReadOnlySpan<byte> Field(int index)
    {
        var table = _bytes.Slice(16, 4 * FieldCount);
        var end = (int)BinaryPrimitives.ReadUInt32LittleEndian(table[(4 * index)..]);
        var start = index == 0 ? 0 : (int)BinaryPrimitives.ReadUInt32LittleEndian(table[(4 * (index - 1))..]);
        return _bytes.Slice(HeaderBytes + start, end - start);
    }
}
