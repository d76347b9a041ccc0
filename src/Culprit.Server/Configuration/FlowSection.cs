using Culprit.Engine.Flows;

namespace Culprit.Server.Configuration;

/// <summary>How requests and jobs are followed by their ids.</summary>
internal sealed class FlowSection
{
    private const int Most = 100_000;

    /// <summary>New ids followed in a second, in each environment; beyond it half, a quarter ... are, whole. 0 follows none. Default 500.</summary>
    public int IdsPerSecond { get; set; } = FlowOptions.Live.MaxNewPerSecond;

    /// <summary>Null when none are followed. Time and memory grow with the number of ids.</summary>
    public FlowOptions? ToOptions() => IdsPerSecond == 0 ? null : FlowOptions.Live with
    {
        MaxNewPerSecond = IdsPerSecond,
        MaxRecordsPerSecond = Scaled(FlowOptions.Live.MaxRecordsPerSecond),
        MaxSessions = Scaled(FlowOptions.Live.MaxSessions),
        MaxWaiting = Scaled(FlowOptions.Live.MaxWaiting),
    };

    public void Check(Action<bool, string, object, string> check) =>
        check(IdsPerSecond is >= 0 and <= Most, "flows:idsPerSecond", IdsPerSecond, $"0 (none) to {Most}");

    private int Scaled(int limit) => (int)Math.Max(1000, (long)limit * IdsPerSecond / FlowOptions.Live.MaxNewPerSecond);
}
