using System.Buffers.Text;
using System.Text.Json;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>One JSON object on the wire -> one record. The hot path of <c>POST /events</c>.</summary>
/// <remarks>
/// Not thread-safe; keeps its buffers from event to event and allocates nothing for a record that is accepted within
/// the limits. <see cref="Parse"/> leaves the record in the writer uncommitted, so that the caller can look at its id first.
/// </remarks>
internal sealed class EventJsonParser
{
    private readonly EventScan _scan = new();
    private byte[] _plain = new byte[256];
    private long _timestamp;
    private EventKind _kind;
    private Severity _severity;
    private RecordFlags _flags;
    private bool _isErrorEvent;
    private bool _metaHasMore;
    private EventMember _unknownLevel;

    /// <summary>What the parsed record is.</summary>
    public EventKind Kind => _kind;

    /// <summary>Appends the record that <see cref="Parse"/> accepted.</summary>
    public void Commit(RecordBatchWriter writer) => writer.Commit(_timestamp, _kind, _severity, _flags);

    /// <summary>Reads one object from the start of the input; what follows it is not looked at.</summary>
    public ParseResult Parse(ReadOnlySpan<byte> input, RecordBatchWriter writer, long receivedNanos)
    {
        var scanned = _scan.Read(input);
        if (!scanned.IsOk)
        {
            return scanned;
        }

        var text = input[..scanned.Consumed];
        writer.Begin();
        _flags = RecordFlags.None;
        _severity = Severity.Info;
        _unknownLevel = default;
        var problem = ReadKind(text, writer) ?? ReadEnvelope(text, writer, receivedNanos) ?? ReadBody(text, writer);
        if (problem is not null)
        {
            return problem.Value with { Consumed = scanned.Consumed };
        }

        if (EventAttributes.Write(text, _scan, writer, _kind, _metaHasMore, _unknownLevel))
        {
            _flags |= RecordFlags.Truncated;
        }

        return scanned;
    }

    private ParseResult? ReadKind(ReadOnlySpan<byte> text, RecordBatchWriter writer)
    {
        _isErrorEvent = false;
        ref readonly var type = ref _scan[EventKey.Type];
        if (type.Type == JsonTokenType.None)
        {
            _kind = EventKind.Log;
            return _scan[EventKey.Message].Type == JsonTokenType.None
                ? Reject(RejectionCodes.NotAnEvent, "an event needs a 'type' or a 'message'")
                : null;
        }

        if (type.Type != JsonTokenType.String)
        {
            return WrongType(EventKey.Type, "a string");
        }

        var name = Text(text, type);
        if (name.SequenceEqual("log.entry"u8))
        {
            _kind = EventKind.Log;
        }
        else if (name.SequenceEqual("log.error"u8))
        {
            _kind = EventKind.Log;
            _isErrorEvent = true;
        }
        else if (name.SequenceEqual("metric.value"u8))
        {
            _kind = EventKind.Metric;
        }
        else if (name.SequenceEqual("span"u8))
        {
            _kind = EventKind.Span;
        }
        else if (name.SequenceEqual("change"u8))
        {
            _kind = EventKind.Change;
        }
        else if (name.SequenceEqual("log.anomaly"u8) || name.SequenceEqual("log.root_cause"u8) || name.SequenceEqual("log.summary"u8)
            || name.StartsWith("incident."u8) || name.StartsWith("alert."u8))
        {
            return Reject(RejectionCodes.ReservedType, $"type {JsonText.Echo(name)} is published by the engine only");
        }
        else if (JsonText.IsVisibleName(name))
        {
            _kind = EventKind.Custom;
            writer.Set(LogRecord.TypeField, name);
        }
        else
        {
            return Reject(RejectionCodes.BadType, $"type {JsonText.Echo(name)} is not 1 to 128 visible characters");
        }

        return null;
    }

    private ParseResult? ReadEnvelope(ReadOnlySpan<byte> text, RecordBatchWriter writer, long receivedNanos)
    {
        var problem = ReadName(text, writer, EventKey.Service, LogRecord.ServiceField, "unknown"u8, RejectionCodes.BadServiceName)
            ?? ReadName(text, writer, EventKey.Environment, LogRecord.EnvironmentField, "default"u8, RejectionCodes.BadEnvironmentName)
            ?? ReadId(text, writer)
            ?? ReadTimestamp(text, receivedNanos)
            ?? ReadText(text, writer, EventKey.Source, LogRecord.SourceField, EventLimits.MaxSourceBytes)
            ?? ReadMeta(text, writer);
        return problem
            ?? ReadText(text, writer, EventKey.TraceId, LogRecord.TraceIdField, EventLimits.MaxReferenceBytes)
            ?? ReadText(text, writer, EventKey.SpanId, LogRecord.SpanIdField, EventLimits.MaxReferenceBytes);
    }

    private ParseResult? ReadName(
        ReadOnlySpan<byte> text, RecordBatchWriter writer, EventKey key, int field, ReadOnlySpan<byte> otherwise, string code)
    {
        ref readonly var member = ref _scan[key];
        if (member.Type == JsonTokenType.None)
        {
            writer.Set(field, otherwise);
            return null;
        }

        if (member.Type != JsonTokenType.String)
        {
            return WrongType(key, "a string");
        }

        var name = Text(text, member);
        if (!JsonText.IsVisibleName(name))
        {
            return Reject(code, $"{EventKeys.NameOf(key)} {JsonText.Echo(name)} is not 1 to 128 visible characters");
        }

        writer.Set(field, name);
        return null;
    }

    private ParseResult? ReadId(ReadOnlySpan<byte> text, RecordBatchWriter writer)
    {
        ref readonly var member = ref _scan[EventKey.Id];
        if (member.Type == JsonTokenType.None)
        {
            return null;
        }

        if (member.Type != JsonTokenType.String)
        {
            return WrongType(EventKey.Id, "a string");
        }

        var id = Text(text, member);
        if (id.Length is 0 or > 4 * EventLimits.MaxNameLength
            || (id.Length > EventLimits.MaxNameLength && System.Text.Encoding.UTF8.GetCharCount(id) > EventLimits.MaxNameLength))
        {
            return Reject(RejectionCodes.BadId, $"id {JsonText.Echo(id)} is not 1 to 128 characters");
        }

        writer.Set(LogRecord.IdField, id);
        return null;
    }

    private ParseResult? ReadTimestamp(ReadOnlySpan<byte> text, long receivedNanos)
    {
        ref readonly var member = ref _scan[EventKey.Timestamp];
        var isRead = false;
        if (member.Type != JsonTokenType.None)
        {
            if (member.Type is not (JsonTokenType.String or JsonTokenType.Number))
            {
                return WrongType(EventKey.Timestamp, "a string or a number");
            }

            isRead = TryReadTime(text, member, out _timestamp);
            if (!isRead)
            {
                return Reject(
                    RejectionCodes.BadTimestamp,
                    $"timestamp {JsonText.Echo(Text(text, member))} is neither ISO 8601 nor Unix time in s, ms, us or ns");
            }
        }
        else if (_scan[EventKey.OtherTimestamp] is { Type: JsonTokenType.String or JsonTokenType.Number } other)
        {
            isRead = TryReadTime(text, other, out _timestamp);
        }

        if (!isRead)
        {
            _timestamp = receivedNanos;
            _flags |= RecordFlags.ReceiveTime;
        }
        else if (_timestamp > receivedNanos + EventLimits.MaxAheadNanos || _timestamp < receivedNanos - EventLimits.MaxAgeNanos)
        {
            _flags |= RecordFlags.TimeSuspect;
        }

        return null;
    }

    private bool TryReadTime(ReadOnlySpan<byte> text, in EventMember member, out long nanos) =>
        member.Type == JsonTokenType.Number
            ? TimestampParser.TryParseEpoch(Text(text, member), out nanos)
            : TimestampParser.TryParse(Text(text, member), out nanos);

    private ParseResult? ReadMeta(ReadOnlySpan<byte> text, RecordBatchWriter writer)
    {
        _metaHasMore = false;
        ref readonly var meta = ref _scan[EventKey.Meta];
        if (meta.Type == JsonTokenType.None)
        {
            return null;
        }

        if (meta.Type != JsonTokenType.StartObject)
        {
            return WrongType(EventKey.Meta, "an object");
        }

        var reader = new Utf8JsonReader(text.Slice(meta.ValueStart, meta.ValueLength));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = reader.ValueTextEquals("trace_id"u8) ? LogRecord.TraceIdField
                : reader.ValueTextEquals("correlation_id"u8) ? LogRecord.CorrelationIdField
                : reader.ValueTextEquals("causation_id"u8) ? LogRecord.CausationIdField
                : -1;
            reader.Read();
            if (field < 0)
            {
                _metaHasMore = true;
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                var value = reader.ValueIsEscaped ? Unescaped(reader.ValueSpan) : reader.ValueSpan;
                SetCut(writer, field, value, EventLimits.MaxReferenceBytes);
            }
            else if (reader.TokenType != JsonTokenType.Null)
            {
                return Reject(RejectionCodes.WrongType, "the fields trace_id, correlation_id and causation_id of 'meta' are strings");
            }
        }

        return null;
    }

    private ParseResult? ReadBody(ReadOnlySpan<byte> text, RecordBatchWriter writer)
    {
        switch (_kind)
        {
            case EventKind.Log:
                var problem = Require(EventKey.Message) ?? ReadLevel(text)
                    ?? ReadText(text, writer, EventKey.Message, LogRecord.BodyField, EventLimits.MaxValueBytes);
                if (_isErrorEvent)
                {
                    _severity = _severity == Severity.Fatal ? Severity.Fatal : Severity.Error;
                    problem ??= OptionalString(EventKey.ErrorType) ?? OptionalString(EventKey.StackTrace);
                }

                return problem;
            case EventKind.Metric:
                return Require(EventKey.MetricName) ?? RequireNumber(text, EventKey.Value, double.MinValue)
                    ?? OptionalString(EventKey.Unit)
                    ?? ReadText(text, writer, EventKey.MetricName, LogRecord.BodyField, EventLimits.MaxSourceBytes);
            case EventKind.Span:
                return Require(EventKey.Operation) ?? Require(EventKey.TraceId) ?? Require(EventKey.SpanId)
                    ?? RequireNumber(text, EventKey.DurationMs, 0)
                    ?? ReadText(text, writer, EventKey.Operation, LogRecord.BodyField, EventLimits.MaxValueBytes);
            case EventKind.Change:
                return Require(EventKey.Kind) ?? Require(EventKey.Message)
                    ?? ReadText(text, writer, EventKey.Message, LogRecord.BodyField, EventLimits.MaxValueBytes);
            case EventKind.Custom:
                // Nobody declared what these fields hold here: take them where they look right, never refuse.
                if (_scan[EventKey.Message].Type == JsonTokenType.String)
                {
                    ReadText(text, writer, EventKey.Message, LogRecord.BodyField, EventLimits.MaxValueBytes);
                }

                if (_scan[EventKey.Level] is { Type: JsonTokenType.String } level)
                {
                    _ = Severities.TryParse(Text(text, level), out _severity);
                }

                return null;
            default:
                throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)_kind}.");
        }
    }

    private ParseResult? ReadLevel(ReadOnlySpan<byte> text)
    {
        var member = LevelMember();
        bool isKnown;
        switch (member.Type)
        {
            case JsonTokenType.None:
                return null;
            case JsonTokenType.String:
                isKnown = Severities.TryParse(Text(text, member), out _severity);
                break;
            case JsonTokenType.Number:
                isKnown = Utf8Parser.TryParse(Text(text, member), out long number, out _) && Severities.TryFromSteps(number, out _severity);
                break;
            default:
                return WrongType(EventKey.Level, "a string or a number");
        }

        if (!isKnown)
        {
            // A level under another logger's name is kept as an attribute anyway.
            _severity = Severity.Info;
            _unknownLevel = member.Key == EventKey.Level ? member : default;
        }

        return null;
    }

    private EventMember LevelMember()
    {
        var member = _scan[EventKey.Level];
        return member.Type == JsonTokenType.None
            && _scan[EventKey.OtherLevel] is { Type: JsonTokenType.String or JsonTokenType.Number } other
            ? other
            : member;
    }

    private ParseResult? ReadText(ReadOnlySpan<byte> text, RecordBatchWriter writer, EventKey key, int field, int maxBytes)
    {
        ref readonly var member = ref _scan[key];
        if (member.Type == JsonTokenType.None)
        {
            return null;
        }

        if (member.Type != JsonTokenType.String)
        {
            return WrongType(key, "a string");
        }

        SetCut(writer, field, Text(text, member), maxBytes);
        return null;
    }

    private void SetCut(RecordBatchWriter writer, int field, ReadOnlySpan<byte> value, int maxBytes)
    {
        if (value.Length > maxBytes)
        {
            value = value[..JsonText.CutLength(value, maxBytes)];
            _flags |= RecordFlags.Truncated;
        }

        writer.Set(field, value);
    }

    private ParseResult? Require(EventKey key) => _scan[key].Type switch
    {
        JsonTokenType.String => null,
        JsonTokenType.None => Reject(RejectionCodes.MissingField, $"'{EventKeys.NameOf(key)}' is missing"),
        _ => WrongType(key, "a string"),
    };

    private ParseResult? OptionalString(EventKey key) =>
        _scan[key].Type is JsonTokenType.String or JsonTokenType.None ? null : WrongType(key, "a string");

    private ParseResult? RequireNumber(ReadOnlySpan<byte> text, EventKey key, double min)
    {
        ref readonly var member = ref _scan[key];
        if (member.Type == JsonTokenType.None)
        {
            return Reject(RejectionCodes.MissingField, $"'{EventKeys.NameOf(key)}' is missing");
        }

        if (member.Type != JsonTokenType.Number)
        {
            return WrongType(key, "a number");
        }

        return Utf8Parser.TryParse(Text(text, member), out double value, out _) && double.IsFinite(value) && value >= min
            ? null
            : Reject(RejectionCodes.OutOfRange, $"'{EventKeys.NameOf(key)}' is out of range: {JsonText.Echo(Text(text, member))}");
    }

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> text, in EventMember member)
    {
        var value = text.Slice(member.ValueStart, member.ValueLength);
        return member.IsEscaped ? Unescaped(value) : value;
    }

    private ReadOnlySpan<byte> Unescaped(ReadOnlySpan<byte> escaped)
    {
        if (_plain.Length < escaped.Length)
        {
            _plain = new byte[Math.Max(escaped.Length, 2 * _plain.Length)];
        }

        return _plain.AsSpan(0, JsonText.Unescape(escaped, _plain));
    }

    private static ParseResult Reject(string code, string detail) => ParseResult.Rejected(code, detail, 0);

    private static ParseResult WrongType(EventKey key, string expected) =>
        ParseResult.Rejected(RejectionCodes.WrongType, $"'{EventKeys.NameOf(key)}' must be {expected}", 0);
}
