using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>A log record of OTLP -> a record, by the mapping that all shippers share; what the record states itself counts first.</summary>
internal sealed class LogMapper(OtlpBatch batch) : IOtlpMapper
{
    private const uint Time = (1 << 3) | ProtoReader.Fixed64;
    private const uint SeverityNumber = (2 << 3) | ProtoReader.Varint;
    private const uint SeverityText = (3 << 3) | ProtoReader.Bytes;
    private const uint Body = (5 << 3) | ProtoReader.Bytes;
    private const uint Attributes = (6 << 3) | ProtoReader.Bytes;
    private const uint TraceId = (9 << 3) | ProtoReader.Bytes;
    private const uint SpanId = (10 << 3) | ProtoReader.Bytes;
    private const uint ObservedTime = (11 << 3) | ProtoReader.Fixed64;
    private const uint EventName = (12 << 3) | ProtoReader.Bytes;

    private readonly EntryMapper _entries = new("otlp");
    private readonly OtlpBody _body = new();
    private readonly TextScratch _text = new();
    private readonly byte[] _traceDigits = new byte[EventLimits.MaxReferenceBytes];
    private readonly byte[] _spanDigits = new byte[EventLimits.MaxReferenceBytes];

    public void Begin(IEventIdFilter? ids) => _entries.Begin(batch.Writer, batch.ReceivedNanos, ids, batch.Result);

    public void Map(ReadOnlySpan<byte> item)
    {
        if (!_entries.HasRoom(0) || !batch.HasRoom())
        {
            return;
        }

        var log = Read(item);
        var attributes = batch.Attributes;
        var entry = _entries.NewEntry();
        attributes.Begin(entry.Attributes);
        _text.Clear();
        FillStated(log, ref entry);
        var exception = AddAttributes(item, log);
        batch.Origin.AddTo(attributes);
        if (log.IsBroken || !_body.TryRead(log.Body) || attributes.IsBroken || attributes.IsTooDeep || _body.IsTooDeep)
        {
            batch.Break(attributes.IsTooDeep || _body.IsTooDeep);
            return;
        }

        entry.IsCut |= attributes.IsCut || batch.Origin.IsCut || _body.IsCut;
        if (_body.IsDocument)
        {
            _entries.AddDocument(_body.Text, ref entry);
        }
        else
        {
            var text = exception.Compose(_body.Text, _text);
            _entries.AddText(text.IsEmpty ? log.EventName : text, ref entry);
        }
    }

    public void Finish() => _entries.Finish();

    private static LogFields Read(ReadOnlySpan<byte> item)
    {
        var log = default(LogFields);
        var reader = new ProtoReader(item);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case Time:
                    log.Time = reader.Value;
                    break;
                case ObservedTime:
                    log.ObservedTime = reader.Value;
                    break;
                case SeverityNumber:
                    log.SeverityNumber = (long)reader.Value;
                    break;
                case SeverityText:
                    log.SeverityText = reader.Content;
                    break;
                case Body:
                    log.Body = reader.Content;
                    break;
                case TraceId:
                    log.TraceId = reader.Content;
                    break;
                case SpanId:
                    log.SpanId = reader.Content;
                    break;
                case EventName:
                    log.EventName = reader.Content;
                    break;
                default:
                    break;
            }
        }

        log.IsBroken = reader.IsBroken;
        return log;
    }

    private void FillStated(in LogFields log, scoped ref EntryFields entry)
    {
        var origin = batch.Origin;
        entry.Service = origin.Service;
        entry.Environment = origin.Environment;
        entry.Host = origin.Host;
        entry.Origin = origin.Instance;
        entry.TraceId = Hex(log.TraceId, _traceDigits);
        entry.SpanId = Hex(log.SpanId, _spanDigits);
        var time = log.Time != 0 ? log.Time : log.ObservedTime;
        if (time != 0)
        {
            entry.SetTime((long)Math.Min(time, long.MaxValue));
        }

        if (Severities.TryFromOpenTelemetry(log.SeverityNumber, out var severity) || Severities.TryParse(log.SeverityText, out severity))
        {
            entry.SetSeverity(severity);
        }
    }

    /// <summary>Adds what has no field in the record, and takes out the exception, whose stack trace belongs to the text.</summary>
    private OtlpException AddAttributes(ReadOnlySpan<byte> item, scoped in LogFields log)
    {
        var attributes = batch.Attributes;
        if (!log.SeverityText.IsEmpty && !Severities.TryParse(log.SeverityText, out _))
        {
            attributes.AddText("level_text"u8, log.SeverityText);
        }

        attributes.AddText("event.name"u8, log.EventName);
        var exception = default(OtlpException);
        var reader = new ProtoReader(item);
        while (reader.Read())
        {
            if (reader.Tag == Attributes && !exception.TryTake(reader.Content))
            {
                attributes.Add(reader.Content);
            }
        }

        exception.AddTo(attributes);
        return exception;
    }

    private static ReadOnlySpan<byte> Hex(ReadOnlySpan<byte> id, byte[] digits) =>
        OtlpBatch.IsId(id) && 2 * id.Length <= digits.Length ? OtlpBatch.Hex(id, digits) : default;

    private ref struct LogFields
    {
        public ulong Time;
        public ulong ObservedTime;
        public long SeverityNumber;
        public ReadOnlySpan<byte> SeverityText;
        public ReadOnlySpan<byte> Body;
        public ReadOnlySpan<byte> TraceId;
        public ReadOnlySpan<byte> SpanId;
        public ReadOnlySpan<byte> EventName;
        public bool IsBroken;
    }
}
