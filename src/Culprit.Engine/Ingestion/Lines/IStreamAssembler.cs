using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Bytes of one stream in, batches of records out: log lines of any format, or one kind of telemetry.</summary>
internal interface IStreamAssembler
{
    LineStreamReport Report { get; }

    /// <summary>Takes the next bytes of the stream, cut anywhere.</summary>
    void Write(ReadOnlySpan<byte> chunk);

    /// <summary>Ends the stream: its last record is complete.</summary>
    void Finish();

    /// <summary>The next full batch, in order; false when more bytes are needed.</summary>
    bool TryTake(out RecordBatch? batch);
}
