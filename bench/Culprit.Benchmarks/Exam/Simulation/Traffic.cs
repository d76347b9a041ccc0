using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>How much is asked at each moment: the day's curve, a mix that shifts with the hours, and bursts.</summary>
internal sealed class Traffic
{
    /// <summary>Bursts a day.</summary>
    private const double BurstEveryMs = 5 * 3_600_000;
    private const double MaxFactor = 2.2;

    private readonly ExamWorld _world;
    private readonly double[] _phases;
    private readonly double _startHour;
    private readonly double _peakRate;
    private readonly List<(double From, double To, double Factor)> _bursts = [];

    public Traffic(ExamWorld world, Dice dice, double startHour, double lengthMs)
    {
        _world = world;
        _startHour = startHour;
        _peakRate = world.Entries.Sum(e => e.Operation.PeakRate);
        _phases = [.. world.Entries.Select(_ => dice.Between(0, 24))];
        for (var at = dice.Exponential(BurstEveryMs); at < lengthMs; at += dice.Exponential(BurstEveryMs))
        {
            _bursts.Add((at, at + dice.Between(60_000, 300_000), dice.Between(1.3, MaxFactor)));
        }
    }

    /// <summary>Most requests a second that any moment has.</summary>
    public double MaxRate => _peakRate * MaxFactor;

    /// <summary>The day's curve: 1 at its peak in the late afternoon, a quarter of that before dawn.</summary>
    public double Daily(double at)
    {
        var hour = Hour(at);
        return 0.625 + (0.375 * Math.Cos((hour - 16.5) / 24 * 2 * Math.PI));
    }

    public double Rate(double at)
    {
        var rate = _peakRate * Daily(at);
        foreach (var (from, to, factor) in _bursts)
        {
            rate *= at >= from && at < to ? factor : 1;
        }

        return Math.Min(rate, MaxRate);
    }

    public Operation PickEntry(double at, Dice dice)
    {
        var hour = Hour(at);
        double Weight(int i) => _world.Entries[i].Weight * (1 + (0.4 * Math.Sin((hour + _phases[i]) / 24 * 2 * Math.PI)));
        double total = 0;
        for (var i = 0; i < _phases.Length; i++)
        {
            total += Weight(i);
        }

        var drawn = dice.Next() * total;
        for (var i = 0; i < _phases.Length; i++)
        {
            drawn -= Weight(i);
            if (drawn < 0)
            {
                return _world.Entries[i].Operation;
            }
        }

        return _world.Entries[^1].Operation;
    }

    private double Hour(double at) => (_startHour + (at / 3_600_000)) % 24;
}
