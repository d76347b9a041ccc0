using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>What is attached to a span: links and events stay with it, an exception becomes an error record of its own.</summary>
internal sealed class SpanEventMapper(OtlpBatch batch)
{
    /// <summary>Links and events kept in a span; further ones are dropped and the record is flagged.</summary>
    public const int MaxKept = 32;

    private const uint Time = (1 << 3) | ProtoReader.Fixed64;
    private const uint Name = (2 << 3) | ProtoReader.Bytes;
    private const uint EventAttributes = (3 << 3) | ProtoReader.Bytes;
    private const uint LinkTraceId = (1 << 3) | ProtoReader.Bytes;
    private const uint LinkSpanId = (2 << 3) | ProtoReader.Bytes;

    private readonly AttributeBuffer _list = new();
    private readonly AttributeBuffer _inner = new();
    private readonly OtlpAttributes _attributes = new();
    private readonly TextScratch _text = new();

    public void WriteLinks(ReadOnlySpan<byte> span, uint tag)
    {
        Span<byte> digits = stackalloc byte[32];
        Span<byte> others = stackalloc byte[16];
        var reader = new ProtoReader(span);
        BeginList();
        var count = 0;
        while (reader.Read() && count < MaxKept)
        {
            if (reader.Tag != tag)
            {
                continue;
            }

            ReadOnlySpan<byte> trace = default, other = default;
            var link = new ProtoReader(reader.Content);
            while (link.Read())
            {
                trace = link.Tag == LinkTraceId ? link.Content : trace;
                other = link.Tag == LinkSpanId ? link.Content : other;
            }

            if (trace.Length == 16 && other.Length == 8)
            {
                NextInList(count++);
                _list.WriteRaw("{\"trace_id\":"u8);
                _list.WriteText(OtlpBatch.Hex(trace, digits));
                _list.WriteRaw(",\"span_id\":"u8);
                _list.WriteText(OtlpBatch.Hex(other, others));
                _list.WriteRaw("}"u8);
            }
        }

        EndList("links"u8);
    }

    /// <summary>Adds the events that are no exceptions to the span's attributes; true when one is an exception.</summary>
    public bool WriteEvents(ReadOnlySpan<byte> span, uint tag)
    {
        var reader = new ProtoReader(span);
        BeginList();
        var (count, hasException) = (0, false);
        while (reader.Read())
        {
            if (reader.Tag != tag)
            {
                continue;
            }

            Read(reader.Content, out var nanos, out var name);
            if (name.SequenceEqual("exception"u8))
            {
                hasException = true;
            }
            else if (count < MaxKept)
            {
                NextInList(count++);
                _list.WriteRaw("{\"name\":"u8);
                _text.Clear();
                _list.WriteText(LineCleaner.Clean(ByteText.Cut(name, EventLimits.MaxSourceBytes), _text, out _));
                _list.WriteRaw(",\"time_unix_nano\":"u8);
                _list.WriteNumber((long)nanos);
                WriteAttributes(reader.Content);
                _list.WriteRaw("}"u8);
            }
        }

        EndList("events"u8);
        return hasException;
    }

    /// <summary>An event that is an exception -> an error record; others are left alone.</summary>
    public void MapException(ReadOnlySpan<byte> message, ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId)
    {
        if (!Read(message, out var nanos, out var name))
        {
            batch.Break();
            return;
        }

        if (!name.SequenceEqual("exception"u8))
        {
            return;
        }

        batch.Open();
        _text.Clear();
        var exception = new OtlpException();
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == EventAttributes && !exception.TryTake(reader.Content))
            {
                batch.Attributes.Add(reader.Content);
            }
        }

        exception.AddTo(batch.Attributes);
        batch.Commit(EventKind.Log, Severity.Error, exception.Compose(default, _text), nanos, traceId, spanId);
    }

    private void WriteAttributes(ReadOnlySpan<byte> message)
    {
        _inner.Clear();
        _attributes.Begin(_inner);
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == EventAttributes)
            {
                _attributes.Add(reader.Content);
            }
        }

        if (!_inner.IsEmpty && !_attributes.IsBroken && !_attributes.IsTooDeep)
        {
            _list.WriteRaw(",\"attributes\":"u8);
            _list.WriteRaw(_inner.Object);
        }
    }

    private static bool Read(ReadOnlySpan<byte> message, out ulong nanos, out ReadOnlySpan<byte> name)
    {
        nanos = 0;
        name = default;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            nanos = reader.Tag == Time ? reader.Value : nanos;
            name = reader.Tag == Name ? reader.Content : name;
        }

        return !reader.IsBroken;
    }

    private void BeginList() => _list.Clear();

    private void NextInList(int count)
    {
        if (count == 0)
        {
            _list.OpenMember(default);
        }

        _list.WriteRaw(count == 0 ? "["u8 : ","u8);
    }

    private void EndList(ReadOnlySpan<byte> name)
    {
        // The buffer holds {"":[… so far: the list begins after the empty name.
        if (!_list.IsEmpty && batch.Attributes.TryOpen(name))
        {
            _list.WriteRaw("]"u8);
            batch.Attributes.WriteRaw(_list.Object[4..^1]);
        }
    }
}
