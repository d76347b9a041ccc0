using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Keeps lines until the second in which they are written down, and gives them out in that order.</summary>
/// <remarks>A call is simulated whole when its request starts, so its lines lie up to minutes ahead.</remarks>
internal sealed class TelemetryCalendar
{
    private readonly Dictionary<long, List<TelemetryLine>> _seconds = [];
    private long _next;

    public void Add(double arrivalMs, TelemetryKind kind, byte sample, byte[] json)
    {
        var second = Math.Max(_next, (long)Math.Floor(arrivalMs / 1000));
        if (!_seconds.TryGetValue(second, out var lines))
        {
            lines = [];
            _seconds.Add(second, lines);
        }

        lines.Add(new TelemetryLine(arrivalMs, kind, sample, json));
    }

    /// <summary>The lines of one second, oldest first; lines of equal time keep their order.</summary>
    public IReadOnlyList<TelemetryLine> Take(long second)
    {
        _next = second + 1;
        if (!_seconds.Remove(second, out var lines))
        {
            return [];
        }

        return [.. lines.OrderBy(l => l.ArrivalMs)];
    }
}
