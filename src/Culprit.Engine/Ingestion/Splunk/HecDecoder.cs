using System.Text.Unicode;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Splunk;

/// <summary>Splunk's HTTP event collector: objects one after another, <c>{"time":…,"host":…,"event":…,"fields":{…}}</c>.</summary>
/// <remarks>
/// Host, source, source type, index and time hold for the events behind the one that states them, too. As with Splunk, a fault at
/// one event refuses the body; nothing of it is taken then.
/// </remarks>
internal sealed class HecDecoder : IBodyDecoder
{
    private readonly EntryMapper _mapper = new("splunk");
    private readonly TextScratch _scratch = new();
    private readonly EntryLabels _fields = new();
    private readonly EntryLabels _metadata = new();
    private Stamp _time;

    public HecFault Fault { get; private set; }

    /// <summary>Which event of the body has the fault, from 0.</summary>
    public int FaultyEvent { get; private set; }

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        Fault = HecFault.None;
        _time = default;
        _metadata.Clear();
        _mapper.Begin(writer, receivedNanos, ids, result, Utf8.IsValid(body));
        var known = new Known();
        var lines = new DocumentLines(body);
        while (lines.Read())
        {
            if (!_mapper.HasRoom(lines.Start))
            {
                return;
            }

            var fault = lines.IsObject ? Add(lines.Current, ref known) : HecFault.InvalidDataFormat;
            if (fault != HecFault.None)
            {
                Fault = fault;
                FaultyEvent = result.Total;
                result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "event " + result.Total + " cannot be read", lines.Start);
                return;
            }
        }

        _mapper.Finish();
    }

    private HecFault Add(ReadOnlySpan<byte> json, scoped ref Known known)
    {
        var content = default(JsonMember);
        var at = 1;
        _fields.Clear();
        _scratch.Clear();
        for (var isFirst = true; JsonScan.NextMember(json, ref at, isFirst, out var member); isFirst = false)
        {
            var name = member.NameIn(json);
            if (name.SequenceEqual("event"u8))
            {
                content = member;
            }
            else if (name.SequenceEqual("fields"u8) && member.IsObjectIn(json))
            {
                AddFields(member.ValueIn(json));
            }
            else if (name.SequenceEqual("time"u8))
            {
                StampReader.TryReadAll(Text(json, member), out _time);
            }
            else if (member.IsStringIn(json))
            {
                known.Set(name, Text(json, member));
            }
        }

        if (content.ValueEnd == 0 || json[content.ValueStart] == (byte)'n')
        {
            return HecFault.EventFieldRequired;
        }

        var isText = !content.IsObjectIn(json);
        if (isText && content.IsStringIn(json) && content.ValueEnd - content.ValueStart == 2)
        {
            return HecFault.EventFieldBlank;
        }

        var entry = _mapper.NewEntry();
        entry.Stamp = _time;
        entry.Stream = known.Stream;
        _metadata.Clear();
        known.AddTo(_metadata);
        _fields.Fill(ref entry);
        _metadata.Fill(ref entry, _fields);
        if (isText)
        {
            _mapper.AddText(Text(json, content), ref entry);
        }
        else
        {
            _mapper.AddDocument(content.ValueIn(json), ref entry);
        }

        return HecFault.None;
    }

    private void AddFields(ReadOnlySpan<byte> json)
    {
        var at = 1;
        for (var isFirst = true; JsonScan.NextMember(json, ref at, isFirst, out var member); isFirst = false)
        {
            _fields.Add(member.NameIn(json), Text(json, member));
        }
    }

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> json, scoped in JsonMember member)
    {
        var value = member.ValueIn(json);
        value = member.IsStringIn(json) ? value[1..^1] : value;
        return member.IsEscaped ? _scratch.Unescape(value) : value;
    }

    /// <summary>What was stated last; names of a body, so copies are rare and short.</summary>
    private ref struct Known
    {
        private byte[]? _host;
        private byte[]? _source;
        private byte[]? _sourceType;
        private byte[]? _index;

        public readonly ulong Stream => KeySet.Hash(_source);

        public void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (name.SequenceEqual("host"u8))
            {
                Replace(ref _host, value);
            }
            else if (name.SequenceEqual("source"u8))
            {
                Replace(ref _source, value);
            }
            else if (name.SequenceEqual("sourcetype"u8))
            {
                Replace(ref _sourceType, value);
            }
            else if (name.SequenceEqual("index"u8))
            {
                Replace(ref _index, value);
            }
        }

        public readonly void AddTo(EntryLabels labels)
        {
            Add(labels, "host"u8, _host);
            Add(labels, "source"u8, _source);
            Add(labels, "sourcetype"u8, _sourceType);
            Add(labels, "index"u8, _index);
        }

        private static void Add(EntryLabels labels, ReadOnlySpan<byte> name, byte[]? value)
        {
            if (value is { Length: > 0 })
            {
                labels.Add(name, value);
            }
        }

        private static void Replace(ref byte[]? field, ReadOnlySpan<byte> value)
        {
            if (!value.SequenceEqual(field))
            {
                field = value.ToArray();
            }
        }
    }
}
