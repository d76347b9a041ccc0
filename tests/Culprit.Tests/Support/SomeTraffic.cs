using Culprit.Engine.Detection;
using Culprit.Engine.Records;

namespace Culprit.Tests.Support;

/// <summary>Repeatable noise for detectors: the same seed gives the same traffic everywhere.</summary>
internal sealed class SomeTraffic(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Evenly from 0 to 1.</summary>
    public double Next()
    {
        // SplitMix64.
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) / (double)(1UL << 53);
    }

    /// <summary>A Poisson count by Knuth's method.</summary>
    public int Poisson(double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0;
        for (var product = Next(); product > limit; product *= Next())
        {
            count++;
        }

        return count;
    }

    /// <summary>A duration around a median, with a long tail: log-normal, sigma 0.5.</summary>
    public double Nanos(double medianMilliseconds) =>
        medianMilliseconds * 1e6 * Math.Exp(0.5 * Math.Sqrt(-2 * Math.Log(1 - Next())) * Math.Cos(2 * Math.PI * Next()));

    public static ServiceDigest Digest(double second, string service, long calm, long errors, ulong pattern = 1)
    {
        var at = Some.At(second);
        return new ServiceDigest
        {
            Service = service,
            Second = at / UnixNanos.PerSecond,
            ByLevel = [0, calm, 0, errors, 0],
            Duplicates = 0,
            LastNanos = at,
            Patterns = errors > 0
                ? [new PatternCount(new PatternId(pattern), Severity.Error, errors, at, Reference(at, service))]
                : [],
        };
    }

    private static RecordRef Reference(long at, string service) =>
        new(at / UnixNanos.PerSecond, $"r{at}-{service}", at, service, Severity.Error, "write failed", null);
}
