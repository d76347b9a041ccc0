using Culprit.Server.Ingestion;

namespace Culprit.Server.Configuration;

/// <summary>How much memory the process may take.</summary>
internal sealed class MemorySection
{
    private const int Smallest = 384;
    private const long MiB = 1024 * 1024;

    /// <summary>Events are refused while the process takes more. Below 1 GiB, large bodies are refused sooner. Default: three quarters of what the machine or container has.</summary>
    public int? MaxMebibytes { get; set; }

    public IngestLimits ToLimits() =>
        new(MaxMebibytes * MiB ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 * 3);

    public void Check(Action<bool, string, object, string> check) =>
        check(MaxMebibytes is null or >= Smallest, "memory:maxMebibytes", MaxMebibytes ?? 0, $"{Smallest} or more, or nothing");
}
