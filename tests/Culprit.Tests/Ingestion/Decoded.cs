using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;

namespace Culprit.Tests.Ingestion;

/// <summary>A body of some protocol, decoded, and shown as text. The clock stands at <see cref="ParsedEvent.Received"/>.</summary>
internal sealed class Decoded
{
    private Decoded(BatchParse parse, RecordBatch batch)
    {
        Parse = parse;
        Batch = batch;
    }

    public BatchParse Parse { get; }

    public RecordBatch Batch { get; }

    public static Decoded By(IBodyDecoder decoder, ReadOnlySpan<byte> body, IEventIdFilter? ids = null)
    {
        var (writer, parse) = (new RecordBatchWriter(), new BatchParse());
        decoder.Decode(body, writer, ParsedEvent.Received, ids, parse);
        return new Decoded(parse, writer.ToBatch(ParsedEvent.Received));
    }

    /// <summary><c>!code</c> when the body was refused, else every record on a line of its own.</summary>
    public override string ToString() => Parse.Fatal is { } fatal
        ? "!" + fatal.Code
        : string.Join('\n', Enumerable.Range(0, Batch.Count).Select(i => ParsedEvent.Describe(Batch[i])));
}
