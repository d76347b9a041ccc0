using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection;

/// <summary>How much one service (or, without a name, the environment) does: the measure against which its errors are held, so that more load alone is no anomaly.</summary>
internal sealed class ServiceTraffic
{
    public required string Service { get; init; }

    /// <summary>First step in which it was seen.</summary>
    public required long Since { get; set; }

    /// <summary>Everything that shows that it is there: records and spans.</summary>
    public Traffic All { get; init; } = new();

    /// <summary>Records of any level.</summary>
    public Traffic Records { get; init; } = new();

    /// <summary>Records below WARN.</summary>
    public Traffic Calm { get; init; } = new();

    /// <summary>Records at INFO, the trace of work that was done.</summary>
    public Traffic Info { get; init; } = new();

    /// <summary>Spans.</summary>
    public Traffic Spans { get; init; } = new();

    public void Add(long step, ServiceDigest digest)
    {
        All.Counts.Add(step, digest.Records);
        Records.Counts.Add(step, digest.Records);
        Calm.Counts.Add(step, digest.ByLevel[0] + digest.ByLevel[1]);
        Info.Counts.Add(step, digest.ByLevel[1]);
    }

    public void AddSpan(long step)
    {
        All.Counts.Add(step, 1);
        Spans.Counts.Add(step, 1);
    }
}

/// <summary>One kind of traffic, with what is usual of it remembered for the frame that is being judged.</summary>
internal sealed class Traffic
{
    private readonly Usual?[] _usual = new Usual?[Frame.Lengths.Count];
    private Frame? _frame;

    public CountSeries Counts { get; init; } = new();

    /// <summary>What is usual before the window of a length.</summary>
    public Usual UsualIn(Frame frame, int lengthIndex, long since)
    {
        if (_frame != frame)
        {
            Array.Clear(_usual);
            _frame = frame;
        }

        return _usual[lengthIndex] ??= Counts.UsualIn(frame.Before(lengthIndex), since, 1);
    }
}
