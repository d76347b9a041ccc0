using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion.Files;

namespace Culprit.Server.Patterns;

/// <summary>Reads files one after the other into a tally.</summary>
internal sealed class PatternsRun(IReadOnlyList<LogInput> inputs, PatternTally tally)
{
    private readonly List<string> _problems = [];
    private long _bytesOfEnded;
    private LogFileReader? _current;

    public PatternTally Tally => tally;

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>May be asked from another thread.</summary>
    public long BytesRead => Interlocked.Read(ref _bytesOfEnded) + (Volatile.Read(ref _current)?.BytesRead ?? 0);

    public void Read(CancellationToken cancellationToken)
    {
        foreach (var input in inputs.Where(i => i.Kind == TelemetryKind.Logs))
        {
            using var reader = LogFileReader.Open(input, Console.OpenStandardInput(), "default", TimeProvider.System);
            Volatile.Write(ref _current, reader);
            foreach (var batch in reader.Read(cancellationToken))
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var record = batch[i];
                    if (record.Kind == EventKind.Log)
                    {
                        tally.Add(record);
                    }
                }
            }

            if (reader.Problem is { } problem)
            {
                _problems.Add(problem);
            }

            Volatile.Write(ref _current, null);
            Interlocked.Add(ref _bytesOfEnded, reader.BytesRead);
        }
    }
}
