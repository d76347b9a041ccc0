namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>The way of a line from its host: clocks that differ by up to two seconds, and shippers that stall for up to 90 s.</summary>
internal sealed class Shipping
{
    private const double StallEveryMs = 4 * 3_600_000;

    private readonly Dictionary<string, double> _skew = [];
    private readonly Dictionary<string, List<(double From, double To)>> _stalls = [];
    private readonly Dice _dice;

    public Shipping(Dice dice, IEnumerable<string> hosts, double lengthMs)
    {
        _dice = dice.Fork("lag");
        foreach (var host in hosts.Distinct().Order(StringComparer.Ordinal))
        {
            var own = dice.Fork(host);
            _skew[host] = own.Chance(0.25) ? own.Between(-2000, 2000) : own.Between(-20, 20);
            var stalls = new List<(double, double)>();
            for (var at = own.Exponential(StallEveryMs); at < lengthMs; at += own.Exponential(StallEveryMs))
            {
                stalls.Add((at, at + own.Between(10_000, 90_000)));
            }

            _stalls[host] = stalls;
        }
    }

    public double SkewMs(string host) => _skew[host];

    public double ArrivalOf(string host, double at)
    {
        var arrival = at + 50 + _dice.Exponential(200);
        foreach (var (from, to) in _stalls[host])
        {
            if (at >= from && at < to)
            {
                return to + _dice.Between(0, 500);
            }
        }

        return arrival;
    }
}
