namespace Culprit.Server.Health;

/// <summary>What the process itself takes.</summary>
internal sealed class ProcessHealth : IHealthSource
{
    public string Name => "process";

    public HealthReport Check()
    {
        var memory = GC.GetGCMemoryInfo();
        return new HealthReport(HealthState.Ok, null, new Dictionary<string, object>
        {
            ["resident_bytes"] = Environment.WorkingSet,
            ["heap_bytes"] = memory.HeapSizeBytes,
            ["heap_committed_bytes"] = memory.TotalCommittedBytes,
            ["heap_fragmented_bytes"] = memory.FragmentedBytes,
            ["collections_full"] = GC.CollectionCount(2),
            ["collections"] = GC.CollectionCount(0),
            ["pause_percent"] = memory.PauseTimePercentage,
        });
    }
}
