using System.Text.Unicode;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Gelf;

/// <summary>GELF 1.1: one object, or several a line each. The <c>full_message</c> is the message where there is one.</summary>
/// <remarks>Additional fields lose their underscore, so that they mean what fields of those names mean. A body without any object is refused.</remarks>
internal sealed class GelfDecoder : IBodyDecoder
{
    private readonly EntryMapper _mapper = new("gelf");
    private readonly AttributeBuffer _document = new();
    private readonly AttributeBuffer _additional = new();

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _mapper.Begin(writer, receivedNanos, ids, result, Utf8.IsValid(body));
        var hasObject = false;
        var lines = new DocumentLines(body);
        while (lines.Read())
        {
            if (!_mapper.HasRoom(lines.Start))
            {
                return;
            }

            hasObject |= lines.IsObject;
            var entry = _mapper.NewEntry();
            _mapper.AddDocument(lines.IsObject ? Plain(lines.Current) : lines.Current, ref entry);
        }

        _mapper.Finish();
        if (!hasObject && result.Total > 0)
        {
            result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "the body is no JSON object", 0);
        }
    }

    /// <summary>The object with the names that other documents have: GELF's own fields first, so that none is overruled.</summary>
    private ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> json)
    {
        _document.Clear();
        _additional.Clear();
        var at = 1;
        for (var isFirst = true; JsonScan.NextMember(json, ref at, isFirst, out var member); isFirst = false)
        {
            Copy(json, member);
        }

        if (!_additional.IsEmpty)
        {
            _document.AddMember(_additional.Object[1..^1]);
        }

        return _document.IsEmpty ? json : _document.Object;
    }

    private void Copy(ReadOnlySpan<byte> json, in JsonMember member)
    {
        var name = member.NameIn(json);
        if (name.Length > 1 && name[0] == (byte)'_')
        {
            _additional.AddMember("\""u8);
            _additional.AppendMember(json[(member.Start + 2)..member.ValueEnd]);
        }
        else if (name.SequenceEqual("full_message"u8) && member.IsStringIn(json) && member.ValueEnd - member.ValueStart > 2)
        {
            _document.AddRaw("message"u8, member.ValueIn(json));
        }
        else if (!name.SequenceEqual("version"u8))
        {
            _document.AddMember(member.WholeIn(json));
        }
    }
}
