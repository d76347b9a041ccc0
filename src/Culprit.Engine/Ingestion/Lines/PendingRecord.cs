using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>The newest record of a stream, kept open because the next line may belong to it.</summary>
internal sealed class PendingRecord(RecordBatchWriter writer)
{
    private byte[] _joined = [];
    private int _length;
    private int _headless;
    private long _nanos;
    private Severity _severity;
    private bool _hasSeverity;
    private bool _isHeaded;
    private bool _isIndented;
    private RecordFlags _flags;

    public bool IsOpen { get; private set; }

    /// <summary>The next line is the message whatever it looks like.</summary>
    public bool AwaitsBody { get; private set; }

    public TraceKind Trace { get; set; }

    /// <summary>The fields are in the writer already.</summary>
    public void Open(long nanos, scoped in LineFields fields, RecordFlags flags)
    {
        IsOpen = true;
        AwaitsBody = fields.BodyFollows;
        Trace = TraceKind.None;
        _nanos = nanos;
        _severity = fields.Severity;
        _hasSeverity = fields.HasSeverity && !fields.IsSyslogLevel;
        _isHeaded = fields.IsText && fields.Stamp.Kind != StampKind.None;
        _flags = flags;
        _length = -1;
        _headless = 0;
        _isIndented = false;
    }

    /// <summary>True for the first line of a crash that this record does not report: it must not vanish in it.</summary>
    public bool IsEndedBy(ReadOnlySpan<byte> line, TraceKind trace) => trace switch
    {
        TraceKind.Go => Trace != TraceKind.Go,
        TraceKind.Python => Trace != TraceKind.Python && _severity < Severity.Warn,
        TraceKind.None => line.StartsWith("Exception in thread "u8) || line.StartsWith("Unhandled exception"u8),
        _ => throw new System.Diagnostics.UnreachableException($"Unknown trace {(byte)trace}."),
    };

    /// <summary>True when a line of no known format belongs to this record.</summary>
    /// <param name="maxHeadless">Lines without shape or head that a record may take.</param>
    public bool JoinsHeadless(ReadOnlySpan<byte> line, int maxHeadless)
    {
        if (++_headless > maxHeadless)
        {
            return false;
        }

        switch (Trace)
        {
            case TraceKind.Go:
                return true;
            case TraceKind.Python when _isIndented:
                // The exception's own line closes the trace, unless another trace is chained to it.
                _isIndented = false;
                return true;
            default:
                return _isHeaded;
        }
    }

    /// <summary>Adds a line to the body; false when it no longer fitted whole.</summary>
    public bool Join(ReadOnlySpan<byte> line, bool isCut)
    {
        if (_length < 0)
        {
            _length = 0;
            Append(writer.Get(LogRecord.BodyField));
        }

        if (AwaitsBody)
        {
            AwaitsBody = false;
            line = TakeBody(ByteText.Trim(line));
        }

        _isIndented = !line.IsEmpty && line[0] is (byte)' ' or (byte)'\t';
        var fits = (_length == 0 || Append("\n"u8)) & Append(line) & !isCut;
        if (!fits)
        {
            _flags |= RecordFlags.Truncated;
        }

        return fits;
    }

    public void Commit()
    {
        if (_length >= 0)
        {
            writer.Set(LogRecord.BodyField, _joined.AsSpan(0, _length));
        }

        var inferred = _hasSeverity ? Severity.Info : LevelWord.Infer(writer.Get(LogRecord.BodyField));
        writer.Commit(_nanos, EventKind.Log, inferred > Severity.Info && inferred > _severity ? inferred : _severity, _flags);
        IsOpen = false;
    }

    /// <summary>java.util.logging puts the level in front of the message, on the second line.</summary>
    private ReadOnlySpan<byte> TakeBody(ReadOnlySpan<byte> line)
    {
        var colon = _hasSeverity ? -1 : line.IndexOf((byte)':');
        if (colon > 0 && LevelWord.TryParseMarked(line[..colon], out var severity))
        {
            _severity = severity;
            _hasSeverity = true;
            return ByteText.TrimStart(line[(colon + 1)..]);
        }

        return line;
    }

    private bool Append(ReadOnlySpan<byte> text)
    {
        var kept = ByteText.Cut(text, LineAssembler.MaxRecordBytes - _length);
        if (_joined.Length - _length < kept.Length)
        {
            Array.Resize(ref _joined, Math.Max(Math.Max(4096, _joined.Length * 2), _length + kept.Length));
        }

        kept.CopyTo(_joined.AsSpan(_length));
        _length += kept.Length;
        return kept.Length == text.Length;
    }
}
