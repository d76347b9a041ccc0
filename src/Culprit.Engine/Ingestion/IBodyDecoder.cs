using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion;

/// <summary>One body of a protocol -> many records. Pure; an instance serves one body at a time.</summary>
internal interface IBodyDecoder
{
    /// <summary>Commits every acceptable record to the writer, in the body's order, and says in <paramref name="result"/> what became of the rest.</summary>
    /// <param name="body">Inflated, at most 64 MiB, hostile.</param>
    /// <param name="writer">Reset here.</param>
    /// <param name="receivedNanos">The time of a record that has none of its own (<see cref="RecordFlags.ReceiveTime"/>).</param>
    /// <param name="ids">Asked once for each acceptable record that has an id; null means that none was seen before.</param>
    /// <param name="result">Reset here.</param>
    void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result);
}
