using System.Buffers.Binary;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>A span -> a record of kind <see cref="EventKind.Span"/> at its start; each exception that it recorded -> an error record.</summary>
internal sealed class SpanMapper(OtlpBatch batch) : IOtlpMapper
{
    private const uint TraceId = (1 << 3) | ProtoReader.Bytes;
    private const uint SpanId = (2 << 3) | ProtoReader.Bytes;
    private const uint TraceState = (3 << 3) | ProtoReader.Bytes;
    private const uint ParentSpanId = (4 << 3) | ProtoReader.Bytes;
    private const uint Name = (5 << 3) | ProtoReader.Bytes;
    private const uint Kind = (6 << 3) | ProtoReader.Varint;
    private const uint StartTime = (7 << 3) | ProtoReader.Fixed64;
    private const uint EndTime = (8 << 3) | ProtoReader.Fixed64;
    private const uint Attributes = (9 << 3) | ProtoReader.Bytes;
    private const uint Events = (11 << 3) | ProtoReader.Bytes;
    private const uint Links = (13 << 3) | ProtoReader.Bytes;
    private const uint Status = (15 << 3) | ProtoReader.Bytes;

    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;

    private readonly SpanEventMapper _events = new(batch);

    public void Begin(IEventIdFilter? ids)
    {
    }

    public void Map(ReadOnlySpan<byte> item)
    {
        if (!batch.Count())
        {
            return;
        }

        var span = Read(item);
        if (span.IsBroken)
        {
            batch.Break();
            return;
        }

        if (span.TraceId.Length != TraceIdBytes || span.SpanId.Length != SpanIdBytes || !OtlpBatch.IsId(span.TraceId) || !OtlpBatch.IsId(span.SpanId))
        {
            batch.Reject(RejectionCodes.MissingField, "a span needs a trace id of 16 bytes and a span id of 8, not all zero");
            return;
        }

        batch.Open();
        WriteOwn(span);
        var hasException = WriteSent(item);
        batch.Commit(EventKind.Span, Severity.Info, span.Name.IsEmpty ? "unnamed"u8 : span.Name, span.Start, span.TraceId, span.SpanId);
        if (hasException && batch.Result.Fatal is null)
        {
            MapExceptions(item, span);
        }
    }

    public void Finish()
    {
    }

    private static SpanFields Read(ReadOnlySpan<byte> item)
    {
        var span = default(SpanFields);
        var reader = new ProtoReader(item);
        while (reader.Read())
        {
            switch (reader.Tag)
            {
                case TraceId:
                    span.TraceId = reader.Content;
                    break;
                case SpanId:
                    span.SpanId = reader.Content;
                    break;
                case TraceState:
                    span.State = reader.Content;
                    break;
                case ParentSpanId:
                    span.ParentId = reader.Content;
                    break;
                case Name:
                    span.Name = reader.Content;
                    break;
                case Kind:
                    span.Kind = reader.Value;
                    break;
                case StartTime:
                    span.Start = reader.Value;
                    break;
                case EndTime:
                    span.End = reader.Value;
                    break;
                case Status:
                    span.ReadStatus(reader.Content);
                    break;
                default:
                    break;
            }
        }

        span.IsBroken |= reader.IsBroken;
        return span;
    }

    /// <summary>The members by which the engine knows a span, as <c>POST /events</c> has them.</summary>
    private void WriteOwn(in SpanFields span)
    {
        Span<byte> digits = stackalloc byte[2 * TraceIdBytes];
        if (span.ParentId.Length == SpanIdBytes && OtlpBatch.IsId(span.ParentId))
        {
            batch.Attributes.AddText("parent_id"u8, OtlpBatch.Hex(span.ParentId, digits));
        }

        batch.Attributes.AddNumber("duration_ms"u8, span.End > span.Start ? (span.End - span.Start) / 1e6 : 0);
        batch.Attributes.AddText("kind"u8, span.Kind switch
        {
            1 => "internal"u8,
            2 => "server"u8,
            3 => "client"u8,
            4 => "producer"u8,
            5 => "consumer"u8,
            _ => default,
        });
        batch.Attributes.AddText("status"u8, span.StatusCode switch
        {
            1 => "ok"u8,
            2 => "error"u8,
            _ => default,
        });
        batch.Attributes.AddText("status_message"u8, span.StatusMessage);
        batch.Attributes.AddText("trace_state"u8, span.State);
    }

    /// <summary>Adds the sender's attributes, links and events; true when an event is an exception.</summary>
    private bool WriteSent(ReadOnlySpan<byte> item)
    {
        var reader = new ProtoReader(item);
        var (hasLinks, hasEvents) = (false, false);
        while (reader.Read())
        {
            if (reader.Tag == Attributes)
            {
                batch.Attributes.Add(reader.Content);
            }

            hasLinks |= reader.Tag == Links;
            hasEvents |= reader.Tag == Events;
        }

        if (hasLinks)
        {
            _events.WriteLinks(item, Links);
        }

        return hasEvents && _events.WriteEvents(item, Events);
    }

    private void MapExceptions(ReadOnlySpan<byte> item, in SpanFields span)
    {
        var reader = new ProtoReader(item);
        while (reader.Read())
        {
            if (reader.Tag == Events)
            {
                _events.MapException(reader.Content, span.TraceId, span.SpanId);
            }
        }
    }

    private ref struct SpanFields
    {
        public ReadOnlySpan<byte> TraceId;
        public ReadOnlySpan<byte> SpanId;
        public ReadOnlySpan<byte> ParentId;
        public ReadOnlySpan<byte> State;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> StatusMessage;
        public ulong Kind;
        public ulong Start;
        public ulong End;
        public ulong StatusCode;
        public bool IsBroken;

        public void ReadStatus(ReadOnlySpan<byte> status)
        {
            var reader = new ProtoReader(status);
            while (reader.Read())
            {
                StatusMessage = reader.Tag == ((2 << 3) | ProtoReader.Bytes) ? reader.Content : StatusMessage;
                StatusCode = reader.Tag == ((3 << 3) | ProtoReader.Varint) ? reader.Value : StatusCode;
            }

            IsBroken |= reader.IsBroken;
        }
    }
}
