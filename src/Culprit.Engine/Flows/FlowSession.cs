namespace Culprit.Engine.Flows;

/// <summary>One request or job: what was logged under its id.</summary>
internal sealed partial class FlowSession(string id)
{
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

    /// <summary>Each step once, in the order of first occurrence.</summary>
    public List<FlowVisit> Visits { get; } = new(4);

    /// <summary>The least usual of its pauses that was slow when it was over.</summary>
    public FlowPause? Pause { get; set; }

    /// <summary>What is known of <see cref="Pause"/> now; null when it is usual.</summary>
    public FlowSlowness? Slow { get; set; }

    public FlowDeviation? Deviation { get; set; }

    /// <summary>The first verdict, never revised; null while there is none.</summary>
    public bool? First { get; set; }

    public int VisitOf(int step)
    {
        for (var i = 0; i < Visits.Count; i++)
        {
            if (Visits[i].Step == step)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>One step of a session.</summary>
internal readonly record struct FlowVisit(int Step, int Times, long FirstNanos);
