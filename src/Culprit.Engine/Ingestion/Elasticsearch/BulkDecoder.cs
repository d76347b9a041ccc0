using System.Text.Unicode;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Elasticsearch;

/// <summary>The body of Elasticsearch's <c>_bulk</c>: an action a line, and below it the line of its document.</summary>
/// <remarks>
/// A document that cannot be read is kept raw: shippers drop what is answered with an error. An action line that cannot be read
/// refuses the whole body, because no line below it can be told from a document. A document's <c>_id</c> is the record's id.
/// </remarks>
internal sealed class BulkDecoder : IBodyDecoder
{
    // Elasticsearch's own limit of an _id.
    private const int MaxIdBytes = 512;

    private readonly EntryMapper _mapper = new("elasticsearch");
    private readonly List<BulkItem> _items = [];

    /// <summary>What became of the actions of the body decoded last.</summary>
    public IReadOnlyList<BulkItem> Items => _items;

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _items.Clear();
        _mapper.Begin(writer, receivedNanos, ids, result, Utf8.IsValid(body));
        var at = 0;
        while (TryReadLine(body, ref at, out var start, out var line))
        {
            if (!_mapper.HasRoom(start))
            {
                return;
            }

            if (!TryReadAction(line, start, out var item, out var id))
            {
                result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "expected an action: {\"create\":{…}}, index, update or delete", start);
                return;
            }

            if (item.Action == BulkAction.Delete)
            {
                result.CountWithoutRecord(result.Total++);
                _items.Add(item);
                continue;
            }

            if (!TryReadLine(body, ref at, out start, out var document))
            {
                result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "the last action has no document below it", body.Length);
                return;
            }

            Add(document, id, item, writer);
        }

        _mapper.Finish();
    }

    private void Add(ReadOnlySpan<byte> document, ReadOnlySpan<byte> id, in BulkItem item, RecordBatchWriter writer)
    {
        var entry = _mapper.NewEntry();
        entry.Id = id.Contains((byte)'\\') ? _mapper.Unescape(id) : id;
        if (item.Action == BulkAction.Update)
        {
            document = UpdatedDocument(document);
        }

        var outcome = _mapper.AddDocument(document, ref entry);
        _items.Add(item with { IsDuplicate = outcome == EntryOutcome.Duplicate, Record = writer.Count });
    }

    /// <summary>The next line that is not blank.</summary>
    private static bool TryReadLine(ReadOnlySpan<byte> body, ref int at, out int start, out ReadOnlySpan<byte> line)
    {
        while (at < body.Length)
        {
            var end = body[at..].IndexOf((byte)'\n');
            line = ByteText.TrimStart(end < 0 ? body[at..] : body.Slice(at, end));
            at = end < 0 ? body.Length : at + end + 1;
            start = at - (end < 0 ? 0 : 1) - line.Length;
            line = ByteText.TrimEnd(line);
            if (!line.IsEmpty)
            {
                return true;
            }
        }

        line = default;
        start = at;
        return false;
    }

    // {"create":{"_index":"logs","_id":"7"}}
    private static bool TryReadAction(ReadOnlySpan<byte> line, int start, out BulkItem item, out ReadOnlySpan<byte> id)
    {
        item = default;
        id = default;
        var at = 1;
        if (line[0] != (byte)'{' || !JsonScan.NextMember(line, ref at, isFirst: true, out var action) || !action.IsObjectIn(line)
            || JsonScan.NextMember(line, ref at, isFirst: false, out _) || at != line.Length
            || !TryReadName(action.NameIn(line), out var kind))
        {
            return false;
        }

        item = new BulkItem(kind, 0, 0, 0, 0, false, 0);
        at = action.ValueStart + 1;
        for (var isFirst = true; JsonScan.NextMember(line, ref at, isFirst, out var member); isFirst = false)
        {
            if (!member.IsStringIn(line) || !Utf8.IsValid(member.ValueIn(line)))
            {
                continue;
            }

            var name = member.NameIn(line);
            if (name.SequenceEqual("_index"u8))
            {
                item = item with { IndexStart = start + member.ValueStart, IndexEnd = start + member.ValueEnd };
            }
            else if (name.SequenceEqual("_id"u8) && member.ValueEnd - member.ValueStart is > 2 and <= MaxIdBytes + 2)
            {
                item = item with { IdStart = start + member.ValueStart, IdEnd = start + member.ValueEnd };
                id = line[(member.ValueStart + 1)..(member.ValueEnd - 1)];
            }
        }

        return true;
    }

    private static bool TryReadName(ReadOnlySpan<byte> name, out BulkAction action)
    {
        action = name.SequenceEqual("create"u8) ? BulkAction.Create
            : name.SequenceEqual("update"u8) ? BulkAction.Update
            : name.SequenceEqual("delete"u8) ? BulkAction.Delete
            : BulkAction.Index;
        return action != BulkAction.Index || name.SequenceEqual("index"u8);
    }

    /// <summary>The document inside <c>{"doc":{…}}</c> or <c>{"upsert":{…}}</c>; the line itself when there is none.</summary>
    private static ReadOnlySpan<byte> UpdatedDocument(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> found = line;
        var at = 1;
        for (var isFirst = true; line[0] == (byte)'{' && JsonScan.NextMember(line, ref at, isFirst, out var member); isFirst = false)
        {
            if (member.IsObjectIn(line) && (member.NameIn(line).SequenceEqual("doc"u8) || member.NameIn(line).SequenceEqual("upsert"u8)))
            {
                found = member.ValueIn(line);
            }
        }

        return found;
    }
}
