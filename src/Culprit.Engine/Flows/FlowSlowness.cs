namespace Culprit.Engine.Flows;

/// <summary>A step that came much later after the one before it than is usual for these two.</summary>
/// <param name="UsualNanos">Nearly all take less.</param>
/// <param name="Below">How many of <paramref name="Of"/> do.</param>
/// <param name="AsSlow">How many took as long or longer.</param>
internal sealed record FlowSlowness(FlowPause Pause, long UsualNanos, long Below, long AsSlow, long Of)
{
    /// <summary>How uncommon it is, 1 being unheard of.</summary>
    public double Score => 1 - ((double)AsSlow / Of);
}
