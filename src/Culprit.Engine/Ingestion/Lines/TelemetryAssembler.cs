using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Reads a <c>metrics</c>, <c>traces</c> or <c>changes</c> file, an object a line.</summary>
internal sealed class TelemetryAssembler(LineStreamOptions options, TelemetryKind kind) : IStreamAssembler
{
    private readonly LineSplitter _splitter = new();
    private readonly TelemetryLineParser _parser = new(options);
    private readonly RecordBatchWriter _writer = new();
    private readonly Queue<RecordBatch> _ready = new();

    public LineStreamReport Report { get; } = new();

    public void Write(ReadOnlySpan<byte> chunk)
    {
        while (_splitter.TryRead(ref chunk, out var line, out var isCut))
        {
            ReadLine(line, isCut);
        }
    }

    public void Finish()
    {
        if (_splitter.TryFinish(out var line, out var isCut))
        {
            ReadLine(line, isCut);
        }

        if (_writer.Count > 0)
        {
            Seal();
        }

        Report.SetFormat(kind.ToString().ToLowerInvariant(), Report.Records);
    }

    public bool TryTake(out RecordBatch? batch) => _ready.TryDequeue(out batch);

    private void ReadLine(ReadOnlySpan<byte> line, bool isCut)
    {
        Report.Lines++;
        Report.CutLines += isCut ? 1 : 0;
        if (ByteText.Trim(line).IsEmpty)
        {
            Report.BlankLines++;
            return;
        }

        // Unlike a log line, a point that cannot be read holds nothing to keep: it is counted and named.
        if (_parser.Parse(line, kind, _writer) is { } problem)
        {
            Report.CountUnparsed(line, problem);
            return;
        }

        Report.Records++;
        if (_writer.Count >= options.BatchRecords || _writer.Length >= LineStreamOptions.MaxBatchBytes)
        {
            Seal();
        }
    }

    private void Seal()
    {
        _ready.Enqueue(_writer.ToBatch(_parser.Nanos));
        _writer.Reset();
    }
}
