namespace Culprit.Engine.Flows;

/// <summary>One request or job: what was logged under its id.</summary>
internal sealed partial class FlowSession(string id)
{
    private FlowVisit[] _visits = new FlowVisit[4];
    private int _visitCount;

    /// <summary>Empty where only its hash is kept.</summary>
    public string Id => id;

    /// <summary>Null before its first record has its place in time.</summary>
    public FlowKind? Kind { get; set; }

    public long StartNanos { get; set; }

    public long LastNanos { get; set; }

    public int LastStep { get; set; }

    /// <summary>When it counts as ended unless it goes on.</summary>
    public long DueNanos { get; set; }

    /// <summary>Whether its end is awaited.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Whether it is among the ended ones that leave when room is needed.</summary>
    public bool IsListed { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>Records that it has not seen yet.</summary>
    public int Waiting { get; set; }

    public long Records { get; set; }

    /// <summary>Whether what is usual is learned from it, too.</summary>
    public bool IsLearned { get; set; } = true;

    /// <summary>Each step once, in the order of first occurrence. Valid until one is added.</summary>
    public Span<FlowVisit> Visits => _visits.AsSpan(0, _visitCount);

    /// <summary>The least usual of its pauses that was slow when it was over.</summary>
    public FlowPause? Pause { get; set; }

    /// <summary>What is known of <see cref="Pause"/> now; null when it is usual.</summary>
    public FlowSlowness? Slow { get; set; }

    public FlowDeviation? Deviation { get; set; }

    /// <summary>What it was counted as when it ended, and whether as slow; taken back when it goes on.</summary>
    public (FlowOutcome Outcome, bool IsSlow) Counted { get; set; }

    /// <summary>The first verdict, never revised; null while there is none.</summary>
    public bool? First { get; set; }

    public void Add(in FlowVisit visit)
    {
        if (_visitCount == _visits.Length)
        {
            Array.Resize(ref _visits, 2 * _visitCount);
        }

        _visits[_visitCount++] = visit;
    }

    public int VisitOf(int step)
    {
        for (var i = 0; i < _visitCount; i++)
        {
            if (_visits[i].Step == step)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>One step of a session.</summary>
internal readonly record struct FlowVisit(int Step, int Times, long FirstNanos);
