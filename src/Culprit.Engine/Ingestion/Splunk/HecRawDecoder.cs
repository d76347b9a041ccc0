using System.Text;
using Culprit.Engine.Ingestion.Mapping;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Splunk;

/// <summary>The raw form of Splunk's HTTP event collector: log lines as a file has them.</summary>
internal sealed class HecRawDecoder : IBodyDecoder
{
    private readonly EntryMapper _mapper = new("splunk");
    private readonly EntryLabels _labels = new();

    /// <summary>What the request's parameters say of all its lines: host, source, sourcetype, index.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; set; } = [];

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _labels.Clear();
        foreach (var (name, value) in Metadata)
        {
            _labels.Add(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        }

        _mapper.Begin(writer, receivedNanos, ids, result);
        var at = 0;
        while (at < body.Length)
        {
            var end = body[at..].IndexOf((byte)'\n');
            var line = end < 0 ? body[at..] : body.Slice(at, end);
            if (!_mapper.HasRoom(at))
            {
                return;
            }

            at += line.Length + 1;
            line = line.TrimEnd((byte)'\r');
            if (!line.IsEmpty)
            {
                var entry = _mapper.NewEntry();
                _labels.Fill(ref entry);
                _mapper.AddText(line, ref entry);
            }
        }

        _mapper.Finish();
    }
}
