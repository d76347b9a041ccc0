using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Mapping;

/// <summary>Entries as shippers send them -> records: one mapping for every protocol.</summary>
/// <remarks>
/// What the protocol says of an entry counts first, then its document, then what stands in its message: JSON there, or a line
/// with a head, is read as in a log file. A message whose severity the program stated itself is only read when it is JSON.
/// Neighbours of one stream that belong together (stack traces sent line by line) become one record, with the time of the
/// first. Not thread-safe; one body at a time, buffers are kept for the next.
/// </remarks>
internal sealed class EntryMapper
{
    // Lines of one stack trace are written, and shipped, together.
    private const long MaxJoinNanos = 5 * UnixNanos.PerSecond;

    // Lines without shape or head that a record with a head may take.
    private const int MaxHeadless = 512;

    private const int MaxRawBytes = 64 * 1024;

    private readonly byte[] _protocol;
    private readonly TextScratch _scratch = new();
    private readonly AttributeBuffer _attributes = new();
    private readonly AttributeBuffer _inner = new();
    private readonly KeySet _names = new();
    private readonly JsonLineFormat _documents;
    private readonly FormatDetector _lines;
    private RecordBatchWriter _writer = new();
    private PendingRecord _pending;
    private BatchParse _result = new();
    private IEventIdFilter? _ids;
    private TimeReference _time = new(0);
    private long _receivedNanos;
    private ulong _stream;
    private long _entryNanos;
    private bool _isAfterDuplicate;
    private bool _isUtf8;

    /// <param name="protocol">The source of records whose entries name no host: <c>loki</c>.</param>
    public EntryMapper(string protocol)
    {
        _protocol = Encoding.UTF8.GetBytes(protocol);
        _documents = new JsonLineFormat(_scratch, mendsNames: true);
        _lines = new FormatDetector(_scratch);
        _pending = new PendingRecord(_writer);
    }

    /// <summary>Starts a body; resets the writer and the result.</summary>
    /// <param name="isUtf8">The documents to come are valid UTF-8; otherwise they are made so.</param>
    public void Begin(RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result, bool isUtf8 = true)
    {
        writer.Reset();
        result.Reset();
        (_writer, _result, _ids, _receivedNanos) = (writer, result, ids, receivedNanos);
        _isUtf8 = isUtf8;
        _pending = new PendingRecord(writer);
        _time = new TimeReference(receivedNanos);
        _isAfterDuplicate = false;
    }

    /// <summary>An entry of which nothing is known yet. The one before it must have been added.</summary>
    public EntryFields NewEntry()
    {
        _scratch.Clear();
        _attributes.Clear();
        return new EntryFields(_attributes);
    }

    /// <summary>False when the body has its most entries or bytes already; then the whole body is refused.</summary>
    public bool HasRoom(int at)
    {
        if (_writer.Length > EventLimits.MaxBatchRecordBytes)
        {
            _result.Fatal = ParseResult.Rejected(
                RejectionCodes.TooManyEvents, $"the records of the body have more than {EventLimits.MaxBatchRecordBytes} bytes: send fewer, or shorter labels", at);
            return false;
        }

        if (_result.Total < EventLimits.MaxEventsPerBatch)
        {
            return true;
        }

        _result.Fatal = ParseResult.Rejected(
            RejectionCodes.TooManyEvents, $"a body may have {EventLimits.MaxEventsPerBatch} events", at);
        return false;
    }

    /// <summary>The content of a JSON string, readable until the next <see cref="NewEntry"/>.</summary>
    public ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> escaped) => _scratch.Unescape(escaped);

    /// <summary>Adds an entry that is one JSON object with field names of its own; <see cref="EntryOutcome.Raw"/> when it is none.</summary>
    public EntryOutcome AddDocument(ReadOnlySpan<byte> json, scoped ref EntryFields entry)
    {
        if (json.Length > EventLimits.MaxEventBytes)
        {
            return AddRaw(json, RejectionCodes.EventTooLarge, ref entry);
        }

        if (!_isUtf8)
        {
            json = LineCleaner.Clean(json, _scratch, out _);
        }

        var isAlone = _attributes.IsEmpty;
        var fields = new LineFields(isAlone ? _attributes : _inner);
        if (!_documents.TryParse(json, ref fields))
        {
            _inner.Clear();
            return AddRaw(json, RejectionCodes.BadJson, ref entry);
        }

        entry.TakeMissing(fields);
        if (!isAlone)
        {
            MergeInner();
        }

        return fields.Message == json ? AddWhole(json, ref entry) : AddText(fields.Message, ref entry);
    }

    /// <summary>Adds an entry whose text is a message or a log line of any format. The text may be anything.</summary>
    public EntryOutcome AddText(ReadOnlySpan<byte> text, scoped ref EntryFields entry)
    {
        _result.Total++;
        text = LineCleaner.Clean(text, _scratch, out _);
        text = text.TrimEnd("\r\n"u8);
        var stream = StreamOf(entry);
        var isNeighbour = stream == _stream && !entry.IsStructured && IsNear(entry);
        _stream = stream;
        if (isNeighbour && !text.IsEmpty && Continuation.HasShape(text))
        {
            if (_isAfterDuplicate)
            {
                return CountDuplicate();
            }

            if (_pending.IsOpen)
            {
                return Join(text, ref entry);
            }
        }

        return entry.IsStructured && !IsObject(text) ? Open(text, ref entry) : AddLine(text, isNeighbour, ref entry);
    }

    /// <summary>Keeps what cannot be read as what it should be: as raw text, flagged, with the reason.</summary>
    public EntryOutcome AddRaw(ReadOnlySpan<byte> raw, string code, scoped ref EntryFields entry)
    {
        _result.Total++;
        _attributes.Clear();
        _attributes.AddText("parse_error"u8, Encoding.UTF8.GetBytes(code));
        entry.IsCut |= raw.Length > MaxRawBytes;
        raw = LineCleaner.Clean(raw[..Math.Min(raw.Length, MaxRawBytes)], _scratch, out _);
        _stream = 0;
        return Open(raw, ref entry, RecordFlags.ParseError) == EntryOutcome.Duplicate ? EntryOutcome.Duplicate : EntryOutcome.Raw;
    }

    /// <summary>Ends the body: its last record is complete.</summary>
    public void Finish()
    {
        if (_pending.IsOpen)
        {
            _pending.Commit();
        }
    }

    private static bool IsObject(ReadOnlySpan<byte> text) => text.Length > 1 && text[0] == (byte)'{' && text[^1] == (byte)'}';

    private static ulong StreamOf(scoped in EntryFields entry)
    {
        var stream = entry.Stream + 1;
        stream = (stream * 31) + KeySet.Hash(entry.Service);
        stream = (stream * 31) + KeySet.Hash(entry.Host);
        return (stream * 31) + KeySet.Hash(entry.Origin);
    }

    private bool IsNear(scoped in EntryFields entry) =>
        entry.Stamp.Kind != StampKind.Complete || Int128.Abs((Int128)entry.Stamp.Nanos - _entryNanos) <= MaxJoinNanos;

    /// <summary>A document without a message is its own message.</summary>
    private EntryOutcome AddWhole(ReadOnlySpan<byte> json, scoped ref EntryFields entry)
    {
        _result.Total++;
        _stream = 0;
        return Open(json, ref entry);
    }

    /// <summary>Reads the text as a line of a log file.</summary>
    private EntryOutcome AddLine(ReadOnlySpan<byte> text, bool isNeighbour, scoped ref EntryFields entry)
    {
        var end = IsObject(text) ? -1 : text.IndexOf((byte)'\n');
        var line = end < 0 ? text : ByteText.TrimEnd(text[..end]);
        var rest = end < 0 ? default : text[(end + 1)..];
        var isDocument = IsObject(text);
        var fields = new LineFields(_inner);
        if (_lines.TryParse(ByteText.TrimStart(line), _inner, ref fields))
        {
            TakeLine(fields, isDocument, ref entry);
            var outcome = Open(fields.Message, ref entry, RecordFlags.None, fields.IsText && fields.Stamp.Kind != StampKind.None);
            if (outcome == EntryOutcome.Taken && !rest.IsEmpty)
            {
                _pending.Join(rest, isCut: false);
            }

            return outcome;
        }

        _inner.Clear();
        var trace = Continuation.KindOf(text);
        if (isNeighbour && _isAfterDuplicate && trace == TraceKind.None)
        {
            // Whether it went on with the record that is known cannot be asked any more: its own id decides.
            return Open(text, ref entry);
        }

        if (isNeighbour && _pending.IsOpen && !text.IsEmpty && !_pending.IsEndedBy(text, trace) && _pending.JoinsHeadless(text, MaxHeadless))
        {
            return Join(text, ref entry);
        }

        if (!entry.IsStructured)
        {
            var found = new LineFields(_inner);
            TrailingFields.FindIds(line, ref found);
            entry.TakeMissing(found);
            MergeInner();
        }

        var opened = Open(text, ref entry);
        if (opened == EntryOutcome.Taken)
        {
            _pending.Trace = trace;
        }

        return opened;
    }

    private void TakeLine(scoped in LineFields fields, bool isDocument, scoped ref EntryFields entry)
    {
        if (!fields.Service.IsEmpty && !entry.Service.IsEmpty && !fields.Service.SequenceEqual(entry.Service))
        {
            if (isDocument)
            {
                // The program names itself; what its container is called stays known.
                _inner.AddText("container.service"u8, entry.Service);
                entry.Service = default;
            }
            else
            {
                _inner.AddText("logger"u8, fields.Service);
            }
        }

        if (isDocument && fields.HasSeverity)
        {
            entry.HasSeverity = false;
        }

        entry.TakeMissing(fields);
        MergeInner();
    }

    private EntryOutcome Open(ReadOnlySpan<byte> body, scoped ref EntryFields entry, RecordFlags flags = RecordFlags.None, bool isHeaded = false)
    {
        Finish();
        var nanos = _receivedNanos;
        if (entry.Stamp.Kind == StampKind.None)
        {
            flags |= RecordFlags.ReceiveTime;
            _result.IsUndated |= entry.Id.IsEmpty;
        }
        else
        {
            nanos = entry.Stamp.Kind == StampKind.Complete ? entry.Stamp.Nanos : _time.Peek(entry.Stamp);
            flags |= nanos > _receivedNanos + EventLimits.MaxAheadNanos || nanos < _receivedNanos - EventLimits.MaxAgeNanos
                ? RecordFlags.TimeSuspect : RecordFlags.None;
        }

        _entryNanos = nanos;
        _isAfterDuplicate = !entry.Id.IsEmpty && _ids?.IsRepeat(entry.Id) == true;
        if (_isAfterDuplicate)
        {
            return CountDuplicate();
        }

        var kept = ByteText.Cut(body, EventLimits.MaxValueBytes);
        flags |= entry.IsCut || kept.Length < body.Length ? RecordFlags.Truncated : RecordFlags.None;
        _writer.Begin();
        _writer.Set(LogRecord.BodyField, kept);
        SetName(LogRecord.ServiceField, entry.Service, "unknown"u8);
        SetName(LogRecord.EnvironmentField, entry.Environment, "default"u8);
        SetCut(LogRecord.SourceField, entry.Host.IsEmpty ? _protocol : entry.Host, EventLimits.MaxSourceBytes);
        SetCut(LogRecord.TraceIdField, entry.TraceId, EventLimits.MaxReferenceBytes);
        SetCut(LogRecord.SpanIdField, entry.SpanId, EventLimits.MaxReferenceBytes);
        _writer.Set(LogRecord.IdField, entry.Id);
        flags |= SetAttributes() ? RecordFlags.Truncated : RecordFlags.None;
        var fields = new LineFields(_inner)
        {
            Severity = entry.Severity,
            HasSeverity = entry.HasSeverity,
            IsSyslogLevel = entry.IsSeverityWeak,
            IsText = isHeaded,
            Stamp = isHeaded ? new Stamp(StampKind.Complete, nanos) : default,
        };
        _pending.Open(nanos, fields, flags);
        return EntryOutcome.Taken;
    }

    private EntryOutcome Join(ReadOnlySpan<byte> text, scoped ref EntryFields entry)
    {
        if (!entry.Id.IsEmpty && _ids?.IsRepeat(entry.Id) == true)
        {
            return CountDuplicate();
        }

        if (entry.Stamp.Kind == StampKind.Complete)
        {
            _entryNanos = entry.Stamp.Nanos;
        }

        _pending.Join(text, isCut: false);
        _result.CountWithoutRecord(_result.Total - 1);
        return EntryOutcome.Taken;
    }

    private EntryOutcome CountDuplicate()
    {
        _result.CountDuplicate(_result.Total - 1);
        return EntryOutcome.Duplicate;
    }

    private void SetName(int field, ReadOnlySpan<byte> name, ReadOnlySpan<byte> otherwise)
    {
        if (!name.IsEmpty && !JsonText.IsVisibleName(name))
        {
            name = NameMender.Mend(name, _scratch);
        }

        _writer.Set(field, name.IsEmpty ? otherwise : name);
    }

    private void SetCut(int field, ReadOnlySpan<byte> text, int maxBytes) => _writer.Set(field, ByteText.Cut(text, maxBytes));

    /// <summary>True when the attributes were over the limits.</summary>
    private bool SetAttributes()
    {
        var attributes = _attributes.Object;
        _writer.Set(LogRecord.AttributesField, attributes);
        if (attributes.IndexOfAny((byte)'\n', (byte)'\r') >= 0)
        {
            EventAttributes.JoinLines(_writer.Rewrite(LogRecord.AttributesField));
        }

        // Every member has a colon, so there are no more members than colons.
        if (attributes.Length <= EventLimits.MaxValueBytes && attributes.Count((byte)':') <= EventLimits.MaxFields)
        {
            return false;
        }

        var trimmed = AttributesTrimmer.Trim(attributes, out var isCut);
        if (isCut)
        {
            _writer.Set(LogRecord.AttributesField, trimmed);
        }

        return isCut;
    }

    /// <summary>Appends the attributes found further in; a name that is taken gets a prefix.</summary>
    private void MergeInner()
    {
        if (_inner.IsEmpty)
        {
            return;
        }

        var inner = _inner.Object;
        if (_attributes.IsEmpty)
        {
            _attributes.AddMember(inner[1..^1]);
            _inner.Clear();
            return;
        }

        _names.Clear();
        var at = 1;
        var isFirst = true;
        var outer = _attributes.Object;
        while (JsonScan.NextMember(outer, ref at, isFirst, out var member))
        {
            isFirst = false;
            _names.Add(0, KeySet.Hash(member.NameIn(outer)));
        }

        at = 1;
        isFirst = true;
        while (JsonScan.NextMember(inner, ref at, isFirst, out var member))
        {
            isFirst = false;
            if (_names.Add(0, KeySet.Hash(member.NameIn(inner))))
            {
                _attributes.AddMember(member.WholeIn(inner));
            }
            else
            {
                _attributes.AddPrefixed("message."u8, member.WholeIn(inner));
            }
        }

        _inner.Clear();
    }
}
