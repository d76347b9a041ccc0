namespace Culprit.Server.Patterns;

/// <summary>A bounded, evenly spaced choice of numbers for quantiles: when it is full, every second one leaves.</summary>
/// <remarks>Deterministic. With fewer than <see cref="Capacity"/> values it has them all; the largest is exact always.</remarks>
internal sealed class ThinnedValues
{
    internal const int Capacity = 512;

    private readonly List<double> _kept = [];
    private int _stride = 1;
    private long _seen;

    public double Max { get; private set; } = double.NegativeInfinity;

    public bool IsEmpty => _kept.Count == 0;

    public void Add(double value)
    {
        Max = Math.Max(Max, value);
        if (_seen++ % _stride != 0)
        {
            return;
        }

        _kept.Add(value);
        if (_kept.Count == Capacity)
        {
            for (var i = 0; i < Capacity / 2; i++)
            {
                _kept[i] = _kept[2 * i];
            }

            _kept.RemoveRange(Capacity / 2, Capacity / 2);
            _stride *= 2;
        }
    }

    /// <summary>The value below or at which the share <paramref name="share"/> lies.</summary>
    public double Quantile(double share)
    {
        var sorted = _kept.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}
