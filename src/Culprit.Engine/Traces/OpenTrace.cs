namespace Culprit.Engine.Traces;

/// <summary>A trace that is still coming in.</summary>
internal sealed class OpenTrace
{
    /// <summary>Spans or lines beyond this are left out: a job that runs for hours under one id is no request.</summary>
    internal const int MaxParts = 2_000;

    public List<SpanPart> Spans { get; } = [];

    public List<LinePart> Lines { get; } = [];

    public long StartNanos { get; private set; } = long.MaxValue;

    /// <summary>When the last part came or ends, whichever is later.</summary>
    public long LastNanos { get; private set; }

    public bool Add(in SpanPart span, long nowNanos)
    {
        Touch(span.StartNanos, Math.Max(nowNanos, span.EndNanos));
        if (Spans.Count >= MaxParts)
        {
            return false;
        }

        Spans.Add(span);
        return true;
    }

    public bool Add(in LinePart line, long nowNanos)
    {
        Touch(line.TimeNanos, Math.Max(nowNanos, line.TimeNanos));
        if (Lines.Count >= MaxParts)
        {
            return false;
        }

        Lines.Add(line);
        return true;
    }

    private void Touch(long startNanos, long lastNanos)
    {
        StartNanos = Math.Min(StartNanos, startNanos);
        LastNanos = Math.Max(LastNanos, lastNanos);
    }
}

/// <summary>One span.</summary>
/// <param name="Id">Hash of its id.</param>
/// <param name="Parent">Hash of its parent's; 0 for a root.</param>
/// <param name="Service">Name id.</param>
/// <param name="Name">Name id of its operation.</param>
internal readonly record struct SpanPart(ulong Id, ulong Parent, int Service, int Name, long StartNanos, long DurationNanos, bool IsError)
{
    public long EndNanos => StartNanos + DurationNanos;
}

/// <summary>One log line that carries the trace's id.</summary>
/// <param name="Span">Hash of its span's id; 0 when it names none.</param>
/// <param name="Line">Id of the statement that it comes from (<see cref="OperationIndex.Line"/>).</param>
internal readonly record struct LinePart(ulong Span, int Service, int Line, byte Level, long TimeNanos);
