using System.Text.Unicode;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>Objects on <c>POST /events</c> that are no events of ours, but whose fields have the names of other loggers: Fluent Bit's, Fluentd's, Vector's.</summary>
/// <remarks>Not thread-safe. Shares the writer with the parser of our own events, which therefore must not run while a record is open here.</remarks>
internal sealed class ForeignEvents
{
    private readonly EntryMapper _mapper = new("http");
    private bool _isOpen;

    public void Begin(RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _mapper.Begin(writer, receivedNanos, ids, result);
        _isOpen = false;
    }

    /// <summary>Takes an object that is no event of ours; false when no field of it holds a message.</summary>
    public bool TryTake(ReadOnlySpan<byte> json)
    {
        if (!IsForeign(json))
        {
            return false;
        }

        var entry = _mapper.NewEntry();
        _mapper.AddDocument(json, ref entry);
        _isOpen = true;
        return true;
    }

    /// <summary>Behind a foreign object: takes the next one too when it is of that kind, else ends the record that is open.</summary>
    /// <param name="consumed">Bytes of the object that was taken.</param>
    public bool TryGoOn(ReadOnlySpan<byte> input, out int consumed)
    {
        consumed = 0;
        if (!_isOpen)
        {
            return false;
        }

        var end = input.IsEmpty || input[0] != (byte)'{' ? -1 : JsonScan.SkipValue(input, 0);
        if (end is > 0 and <= EventLimits.MaxEventBytes && Utf8.IsValid(input[..end]) && TryTake(input[..end]))
        {
            consumed = end;
            return true;
        }

        Finish();
        return false;
    }

    public void Finish()
    {
        if (_isOpen)
        {
            _mapper.Finish();
            _isOpen = false;
        }
    }

    /// <summary>True for an object with a field that holds a message, and without those that make it an event of ours.</summary>
    private static bool IsForeign(ReadOnlySpan<byte> json)
    {
        var at = 1;
        var hasMessage = false;
        for (var isFirst = true; JsonScan.NextMember(json, ref at, isFirst, out var member); isFirst = false)
        {
            var name = member.NameIn(json);
            if (json[member.ValueStart] != (byte)'n' && (name.SequenceEqual("type"u8) || name.SequenceEqual("message"u8)))
            {
                return false;
            }

            hasMessage |= member.IsStringIn(json) && FieldNames.Find(name, out _) is FieldRole.Message or FieldRole.Template;
        }

        return hasMessage;
    }
}
