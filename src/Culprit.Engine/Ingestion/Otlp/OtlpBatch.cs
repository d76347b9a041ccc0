using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The body being decoded: what its items share, and how an item becomes a record or is refused.</summary>
/// <remarks>Reused; not thread-safe.</remarks>
internal sealed class OtlpBatch
{
    private static readonly byte[] Source = "otlp"u8.ToArray();

    private readonly TextScratch _scratch = new();
    private readonly AttributeBuffer _json = new();

    public OtlpOrigin Origin { get; } = new();

    public OtlpAttributes Attributes { get; } = new();

    public RecordBatchWriter Writer { get; private set; } = new();

    public BatchParse Result { get; private set; } = new();

    public long ReceivedNanos { get; private set; }

    public void Begin(RecordBatchWriter writer, long receivedNanos, BatchParse result)
    {
        (Writer, ReceivedNanos, Result) = (writer, receivedNanos, result);
        writer.Reset();
        result.Reset();
    }

    /// <summary>Counts an item that was taken or is to be; false when the body has too many.</summary>
    public bool Count()
    {
        if (++Result.Total > EventLimits.MaxEventsPerBatch)
        {
            Result.Fatal = ParseResult.Rejected(RejectionCodes.TooManyEvents, $"a request may have {EventLimits.MaxEventsPerBatch} items", 0);
            return false;
        }

        return HasRoom();
    }

    /// <summary>False when the records take too much already; then the whole body is refused.</summary>
    public bool HasRoom()
    {
        if (Writer.Length > EventLimits.MaxBatchRecordBytes)
        {
            Result.Fatal = ParseResult.Rejected(RejectionCodes.TooManyEvents, $"the records of a request may take {EventLimits.MaxBatchRecordBytes} bytes", 0);
            return false;
        }

        return true;
    }

    /// <summary>Refuses the item that was counted last; the rest of the body is taken.</summary>
    public void Reject(string code, string detail) => Result.Rejected.Add(new Rejection(Result.Total - 1, code, detail));

    /// <summary>The body is no message of OTLP: nothing of it is taken.</summary>
    public void Break(bool isTooDeep = false) => Result.Fatal ??= isTooDeep
        ? ParseResult.Broken(RejectionCodes.TooDeep, $"nested deeper than {EventLimits.MaxDepth}", 0)
        : ParseResult.Broken(RejectionCodes.BadProtobuf, "the body is not a well-formed request of OTLP", 0);

    /// <summary>Starts a record: its own attributes are added to <see cref="Attributes"/>, then it is committed.</summary>
    public void Open()
    {
        _scratch.Clear();
        _json.Clear();
        Attributes.Begin(_json);
        Writer.Begin();
    }

    /// <summary>Appends the record, unless its attributes turned out to be broken.</summary>
    /// <param name="nanos">As sent; 0 means that the item has no time.</param>
    public void Commit(
        EventKind kind, Severity severity, ReadOnlySpan<byte> body, ulong nanos, ReadOnlySpan<byte> traceId = default, ReadOnlySpan<byte> spanId = default)
    {
        Origin.AddTo(Attributes);
        if (Attributes.IsBroken || Attributes.IsTooDeep)
        {
            Break(Attributes.IsTooDeep);
            return;
        }

        var flags = Attributes.IsCut || Origin.IsCut ? RecordFlags.Truncated : RecordFlags.None;
        body = LineCleaner.Clean(body, _scratch, out _);
        var kept = ByteText.Cut(body, kind == EventKind.Metric ? EventLimits.MaxSourceBytes : EventLimits.MaxValueBytes);
        flags |= kept.Length < body.Length ? RecordFlags.Truncated : RecordFlags.None;
        Writer.Set(LogRecord.BodyField, kept);
        SetName(LogRecord.ServiceField, Origin.Service, "unknown"u8);
        SetName(LogRecord.EnvironmentField, Origin.Environment, "default"u8);
        Writer.Set(LogRecord.SourceField, SourceOf(Origin));
        SetHex(LogRecord.TraceIdField, traceId);
        SetHex(LogRecord.SpanIdField, spanId);
        Writer.Set(LogRecord.AttributesField, _json.Object);
        Writer.Commit(TimeOf(nanos, ref flags), kind, severity, flags);
    }

    /// <summary>What names the sender: its host, else the protocol.</summary>
    public static ReadOnlySpan<byte> SourceOf(OtlpOrigin origin) =>
        origin.Host.Length > 0 ? ByteText.Cut(origin.Host, EventLimits.MaxSourceBytes) : Source;

    /// <summary>Lower-case hex digits of an id.</summary>
    /// <param name="digits">Room for twice its bytes.</param>
    public static ReadOnlySpan<byte> Hex(ReadOnlySpan<byte> id, Span<byte> digits)
    {
        _ = Convert.TryToHexStringLower(id, digits, out var written);
        return digits[..written];
    }

    /// <summary>False for an id that stands for none: empty, or zeros only.</summary>
    public static bool IsId(ReadOnlySpan<byte> id) => id.IndexOfAnyExcept((byte)0) >= 0;

    private long TimeOf(ulong nanos, ref RecordFlags flags)
    {
        if (nanos == 0)
        {
            Result.IsUndated = true;
            flags |= RecordFlags.ReceiveTime;
            return ReceivedNanos;
        }

        var time = (long)Math.Min(nanos, long.MaxValue);
        if (time > ReceivedNanos + EventLimits.MaxAheadNanos || time < ReceivedNanos - EventLimits.MaxAgeNanos)
        {
            flags |= RecordFlags.TimeSuspect;
        }

        return time;
    }

    private void SetName(int field, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise)
    {
        if (!name.IsEmpty && !JsonText.IsVisibleName(name))
        {
            name = NameMender.Mend(name, _scratch);
        }

        Writer.Set(field, name.IsEmpty ? otherwise : name);
    }

    private void SetHex(int field, ReadOnlySpan<byte> id)
    {
        if (IsId(id) && id.Length <= EventLimits.MaxReferenceBytes / 2)
        {
            _ = Convert.TryToHexStringLower(id, Writer.Reserve(field, 2 * id.Length), out _);
        }
    }
}
