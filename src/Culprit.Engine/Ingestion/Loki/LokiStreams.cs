using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Loki;

/// <summary>Streams of labelled lines -> records: what both encodings of a push have in common.</summary>
internal sealed class LokiStreams
{
    private readonly EntryMapper _mapper = new("loki");
    private readonly TextScratch _scratch = new();
    private readonly EntryLabels _labels = new(lastService: "job");
    private readonly EntryLabels _metadata = new();
    private ulong _stream;
    private bool _hasBadLabels;

    public void Begin(RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _mapper.Begin(writer, receivedNanos, ids, result);
        _stream = 0;
    }

    public void Finish() => _mapper.Finish();

    /// <summary>Starts a stream without labels.</summary>
    public void BeginStream()
    {
        _stream++;
        _labels.Clear();
        _hasBadLabels = false;
    }

    /// <summary>Takes all labels of the stream in their text form.</summary>
    public void ReadLabels(ReadOnlySpan<byte> text)
    {
        _scratch.Clear();
        _hasBadLabels = !LokiLabels.TryRead(text, _labels, _scratch);
    }

    public void AddLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _labels.Add(name, value);

    /// <summary>Starts an entry's own labels, its structured metadata.</summary>
    public void BeginEntry() => _metadata.Clear();

    public void AddMetadata(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => _metadata.Add(name, value);

    /// <summary>Adds an entry with the metadata added since <see cref="BeginEntry"/>; false when the body has too many.</summary>
    /// <param name="at">Where it stands in the body.</param>
    public bool TryAdd(ReadOnlySpan<byte> line, in Stamp stamp, int at)
    {
        if (!_mapper.HasRoom(at))
        {
            return false;
        }

        var entry = _mapper.NewEntry();
        entry.Stream = _stream;
        entry.Stamp = stamp;
        _metadata.Fill(ref entry);
        _labels.Fill(ref entry, _metadata);
        if (_hasBadLabels)
        {
            _mapper.AddRaw(line, "bad_labels", ref entry);
        }
        else
        {
            _mapper.AddText(line, ref entry);
        }

        return true;
    }
}
