using System.Diagnostics.Metrics;
using Culprit.Engine.Detection;
using Culprit.Server.Export;

namespace Culprit.Server.Detection;

/// <summary>How many of an environment's records of the last minute were errors. Time is the engine's, so a replay shows its own.</summary>
internal sealed class ErrorShare
{
    private const int Seconds = 60;
    private const int MaxEnvironments = 500;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Minute> _minutes = new(StringComparer.Ordinal);
    private long _second;

    public void Advance(long second, IReadOnlyList<DrawnDigest> digests)
    {
        lock (_lock)
        {
            _second = second;
            foreach (var (environment, digest) in digests)
            {
                var name = Labels.Clean(environment);
                if (!_minutes.TryGetValue(name, out var minute))
                {
                    if (_minutes.Count >= MaxEnvironments)
                    {
                        continue;
                    }

                    minute = new Minute();
                    _minutes.Add(name, minute);
                }

                minute.Add(second, digest.Records, digest.Errors);
            }
        }
    }

    /// <summary>0 to 1 by environment; 0 when it was silent.</summary>
    public Measurement<double>[] Measure()
    {
        lock (_lock)
        {
            return [.. _minutes.Select(m => new Measurement<double>(m.Value.Share(_second), Labels.Of("environment", m.Key)))];
        }
    }

    private sealed class Minute
    {
        private readonly (long Second, long Records, long Errors)[] _counts = new (long, long, long)[Seconds];

        public void Add(long second, long records, long errors)
        {
            ref var count = ref _counts[second % Seconds];
            count = count.Second == second ? (second, count.Records + records, count.Errors + errors) : (second, records, errors);
        }

        public double Share(long now)
        {
            long records = 0, errors = 0;
            foreach (var count in _counts)
            {
                if (count.Second > now - Seconds && count.Second <= now)
                {
                    records += count.Records;
                    errors += count.Errors;
                }
            }

            return records == 0 ? 0 : errors / (double)records;
        }
    }
}
