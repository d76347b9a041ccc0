using System.Text.Unicode;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Seq;

/// <summary>Seq's compact log events (CLEF): an object a line, <c>@t</c>, <c>@m</c> or <c>@mt</c>, <c>@l</c>, <c>@x</c>, <c>@tr</c>, <c>@sp</c>.</summary>
/// <remarks>
/// A missing level means Information. The message template and the event type <c>@i</c> stay attributes, as every property does;
/// <c>@r</c> fills the holes that have a format. A line that is no object is kept raw; a body without any object is refused.
/// </remarks>
internal sealed class ClefDecoder : IBodyDecoder
{
    private readonly EntryMapper _mapper = new("seq");

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
            entry.IsMessage = true;
            _mapper.AddDocument(lines.Current, ref entry);
        }

        _mapper.Finish();
        if (!hasObject && result.Total > 0)
        {
            result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "no line is a JSON object", 0);
        }
    }
}
