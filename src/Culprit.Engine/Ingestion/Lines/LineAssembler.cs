using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Bytes of a log file in, batches of records out: splits lines, unwraps, finds formats, joins what belongs together.</summary>
/// <remarks>
/// Not thread-safe; one per stream. Memory is bounded by the chunk, one line, one record and the batches not yet taken.
/// A line without a timestamp gets that of its neighbour and <see cref="RecordFlags.ReceiveTime"/>.
/// </remarks>
internal sealed class LineAssembler : IStreamAssembler
{
    /// <summary>Bytes of one joined record; the rest is dropped and the record flagged.</summary>
    public const int MaxRecordBytes = LineSplitter.MaxLineBytes;

    private const int ProbeLines = 200;
    private const int ProbeBytes = 256 * 1024;

    // A head that is followed by this many lines without one was a stray: the stream's records have no heads.
    private const int MaxHeadless = 512;

    private readonly LineStreamOptions _options;
    private readonly byte[] _service;
    private readonly byte[] _environment;
    private readonly byte[] _source;
    private readonly TextScratch _scratch = new();
    private readonly AttributeBuffer _attributes = new();
    private readonly LineSplitter _splitter = new();
    private readonly FormatDetector _formats;
    private readonly TimeReference _time;
    private readonly RecordBatchWriter _writer = new();
    private readonly Queue<RecordBatch> _ready = new();
    private readonly PendingRecord _pending;
    private readonly PartialLine _partial = new();
    private readonly long[] _formatCounts;
    private long _plainCount;
    private ulong _origin;
    private long _firstNanos;
    private bool _isProbed;
    private bool _isStructured;
    private bool _hasDated;

    public LineAssembler(LineStreamOptions options)
    {
        _options = options;
        _service = Encoding.UTF8.GetBytes(options.Service);
        _environment = Encoding.UTF8.GetBytes(options.Environment);
        _source = Encoding.UTF8.GetBytes(options.Source);
        _formats = new FormatDetector(_scratch);
        _formatCounts = new long[_formats.Formats.Count];
        _time = new TimeReference(options.WrittenNanos);
        _pending = new PendingRecord(_writer);
        _firstNanos = options.WrittenNanos;
    }

    public LineStreamReport Report { get; } = new();

    /// <summary>Takes the next bytes of the stream, cut anywhere.</summary>
    public void Write(ReadOnlySpan<byte> chunk)
    {
        if (!_isProbed && !chunk.IsEmpty)
        {
            _isProbed = true;
            Probe(chunk);
        }

        while (_splitter.TryRead(ref chunk, out var line, out var isCut))
        {
            ReadLine(line, isCut);
        }
    }

    /// <summary>Ends the stream: the last line and the last record are complete.</summary>
    public void Finish()
    {
        if (_splitter.TryFinish(out var line, out var isCut))
        {
            ReadLine(line, isCut);
        }

        if (!_partial.IsEmpty)
        {
            _scratch.Clear();
            ReadInner(_partial.Take(), default, isCut: false);
        }

        CommitPending();
        if (_writer.Count > 0)
        {
            Seal();
        }

        for (var i = 0; i < _formatCounts.Length; i++)
        {
            Report.SetFormat(_formats.Formats[i].Name, _formatCounts[i]);
        }

        Report.SetFormat("plain", _plainCount);
    }

    /// <summary>The next full batch, in order; false when more bytes are needed.</summary>
    public bool TryTake(out RecordBatch? batch) => _ready.TryDequeue(out batch);

    private bool IsJsonLast => _formats.Formats[_formats.Last] is JsonLineFormat;

    /// <summary>Looks at the first lines before any is read: which formats, which service column, which date.</summary>
    private void Probe(ReadOnlySpan<byte> chunk)
    {
        var column = new ServiceColumn();
        var parsed = 0;
        var seen = 0;
        var isDated = false;
        chunk = chunk[..Math.Min(chunk.Length, ProbeBytes)];
        while (seen < ProbeLines && !chunk.IsEmpty)
        {
            var end = chunk.IndexOf((byte)'\n');
            var line = end < 0 ? chunk : chunk[..end];
            chunk = end < 0 ? default : chunk[(end + 1)..];
            line = line.StartsWith("\uFEFF"u8) ? line[3..] : line;
            _scratch.Clear();
            line = ByteText.TrimEnd(LineCleaner.Clean(line, _scratch, out _));
            if (line.IsEmpty)
            {
                continue;
            }

            seen++;
            var isWrapped = EnvelopeReader.TryRead(line, _scratch, out var envelope);
            var fields = new LineFields(_attributes);
            var isParsed = _formats.TryParse(isWrapped ? envelope.Line : line, _attributes, ref fields);
            parsed += isParsed || isWrapped ? 1 : 0;
            if (isParsed && fields.HasSeverity && fields.Service.IsEmpty && _formats.Formats[_formats.Last] is TextFormat)
            {
                column.Observe(fields.Message);
            }

            var stamp = isParsed && fields.Stamp.Kind != StampKind.None ? fields.Stamp : envelope.Stamp;
            if (!isDated && stamp.Kind != StampKind.None)
            {
                isDated = true;
                _firstNanos = _time.Peek(stamp);
                if (stamp.Kind == StampKind.Complete)
                {
                    _time.Seed(_firstNanos);
                }
            }
        }

        _isStructured = parsed > 0 && parsed * 5 >= seen;
        _formats.Text.HasServiceColumn = column.IsPresent();
    }

    private void ReadLine(ReadOnlySpan<byte> raw, bool isCut)
    {
        Report.Lines++;
        _scratch.Clear();
        var line = LineCleaner.Clean(raw, _scratch, out var wasInvalid);
        Report.InvalidLines += wasInvalid ? 1 : 0;
        Report.CutLines += isCut ? 1 : 0;
        var text = ByteText.Trim(line);
        if (text.IsEmpty || (text.Length == 1 && text[0] is (byte)'[' or (byte)']' && IsJsonLast))
        {
            // Brackets alone in a file of JSON: it is one array, an object a line.
            Report.BlankLines++;
            return;
        }

        if (!EnvelopeReader.TryRead(line, _scratch, out var envelope))
        {
            ReadInner(line, envelope, isCut);
            return;
        }

        envelope.IsWrapped = true;
        if (envelope.IsPartial)
        {
            _partial.Append(envelope.Line);
            return;
        }

        if (!_partial.IsEmpty)
        {
            _partial.Append(envelope.Line);
            isCut |= _partial.IsCut;
            envelope.Line = _partial.Take();
        }

        if (ByteText.TrimStart(envelope.Line).IsEmpty)
        {
            Report.BlankLines++;
            return;
        }

        // The inner line passes through the cleaner too: escapes of JSON may have hidden colours.
        envelope.Line = LineCleaner.Clean(envelope.Line, _scratch, out _);
        if (!envelope.Line.IsEmpty)
        {
            ReadInner(envelope.Line, envelope, isCut);
        }
    }

    private void ReadInner(ReadOnlySpan<byte> line, in Envelope envelope, bool isCut)
    {
        var isJson = line[0] is (byte)' ' or (byte)'\t' && IsJsonLast && ByteText.TrimStart(line)[0] == (byte)'{';
        var origin = OriginOf(envelope);
        var isSameOrigin = _pending.IsOpen && origin == _origin;
        _origin = origin;
        if (isSameOrigin && !isJson && (Continuation.HasShape(line) || _pending.AwaitsBody))
        {
            Join(line, isCut);
            return;
        }

        var fields = new LineFields(_attributes);
        var trimmed = ByteText.TrimStart(line);
        if (_formats.TryParse(trimmed, _attributes, ref fields))
        {
            CommitPending();
            _formatCounts[_formats.Last]++;
            Open(fields, envelope, isCut ? RecordFlags.Truncated : RecordFlags.None);
            return;
        }

        var trace = Continuation.KindOf(line);
        if (isSameOrigin && !_pending.IsEndedBy(line, trace) && _pending.JoinsHeadless(line, MaxHeadless))
        {
            Join(line, isCut);
            return;
        }

        CommitPending();
        fields = new LineFields(_attributes) { Message = line };
        TrailingFields.FindIds(line, ref fields);
        _plainCount++;
        var flags = isCut ? RecordFlags.Truncated : RecordFlags.None;
        if (_isStructured && !envelope.IsWrapped && trace == TraceKind.None)
        {
            Report.CountUnparsed(line);
            flags |= RecordFlags.ParseError;
        }

        Open(fields, envelope, flags);
        _pending.Trace = trace;
    }

    /// <summary>Lines of two containers or streams that run into one another are never joined.</summary>
    private static ulong OriginOf(in Envelope envelope) =>
        envelope.IsWrapped ? (XxHash3.HashToUInt64(envelope.Service) * 31) + XxHash3.HashToUInt64(envelope.Stream) + 1 : 0;

    private void Open(scoped in LineFields fields, in Envelope envelope, RecordFlags flags)
    {
        var stamp = fields.Stamp.Kind == StampKind.None ? envelope.Stamp : fields.Stamp;
        if (fields.Stamp.Kind is StampKind.NoYear or StampKind.TimeOnly && envelope.Stamp.Kind == StampKind.Complete)
        {
            // The runtime stamped the line as it was written: nothing is nearer.
            _time.Seed(envelope.Stamp.Nanos);
        }

        long nanos;
        if (stamp.Kind == StampKind.None)
        {
            nanos = _hasDated ? _time.Nanos : _firstNanos;
            flags |= RecordFlags.ReceiveTime;
        }
        else
        {
            nanos = _time.Complete(stamp, out var isSuspect);
            flags |= isSuspect ? RecordFlags.TimeSuspect : RecordFlags.None;
            _hasDated = true;
        }

        if (fields.IsCut)
        {
            flags |= RecordFlags.Truncated;
        }

        _writer.Begin();
        _writer.Set(LogRecord.ServiceField, !fields.Service.IsEmpty ? fields.Service : !envelope.Service.IsEmpty ? envelope.Service : _service);
        _writer.Set(LogRecord.EnvironmentField, fields.Environment.IsEmpty ? _environment : fields.Environment);
        _writer.Set(LogRecord.BodyField, fields.Message);
        _writer.Set(LogRecord.AttributesField, fields.Attributes.Object);
        _writer.Set(LogRecord.TraceIdField, fields.TraceId);
        _writer.Set(LogRecord.SpanIdField, fields.SpanId);
        _writer.Set(LogRecord.SourceField, _source);
        _pending.Open(nanos, fields, flags);
    }

    private void Join(ReadOnlySpan<byte> line, bool isCut)
    {
        Report.JoinedLines++;
        if (!_pending.Join(line, isCut))
        {
            Report.CutLines++;
        }
    }

    private void CommitPending()
    {
        if (!_pending.IsOpen)
        {
            return;
        }

        _pending.Commit();
        Report.Records++;
        if (_writer.Count >= _options.BatchRecords || _writer.Length >= LineStreamOptions.MaxBatchBytes)
        {
            Seal();
        }
    }

    private void Seal()
    {
        _ready.Enqueue(_writer.ToBatch(_time.Nanos));
        _writer.Reset();
    }
}
