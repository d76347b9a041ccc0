namespace Culprit.Engine.Extending;

/// <summary>Finds what is unusual in one environment, second by second.</summary>
/// <remarks>
/// Must be pure: no clock, no chance, no I/O, because a replay must find the same. One that throws is left out until the next
/// start. It reports a condition once, when it begins: each finding is an anomaly.
/// </remarks>
public interface IDetector
{
    /// <summary>A second is over.</summary>
    /// <param name="now">The tick; seconds are skipped when the server was away.</param>
    /// <param name="services">What was logged since the last tick, in the order of the services' names; silent ones are not in it.</param>
    /// <returns>At most 20 are used.</returns>
    IReadOnlyList<DetectorFinding> Tick(DateTimeOffset now, IReadOnlyList<ServiceSecond> services);

    /// <summary>What it must remember over a restart; nothing by default.</summary>
    ReadOnlyMemory<byte> Save() => default;

    /// <summary>Takes back what <see cref="Save"/> returned, before the first tick.</summary>
    void Restore(ReadOnlyMemory<byte> saved)
    {
    }
}
