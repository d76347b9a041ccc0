using System.Globalization;
using System.Text;
using Culprit.Engine.Extending;

namespace OrderWatch;

/// <summary>Finds services that begin to warn much more than they did: 20 in a second, and 10 times what is usual for them.</summary>
public sealed class WarningFlood : IDetector
{
    private const double Weight = 0.05;
    private const int Least = 20;

    // Warnings a second, smoothed; a flood does not become usual.
    private readonly SortedDictionary<string, double> _usual = new(StringComparer.Ordinal);
    private readonly HashSet<string> _flooding = new(StringComparer.Ordinal);

    public IReadOnlyList<DetectorFinding> Tick(DateTimeOffset now, IReadOnlyList<ServiceSecond> services)
    {
        var findings = new List<DetectorFinding>();
        foreach (var second in services)
        {
            var usual = _usual.GetValueOrDefault(second.Service);
            if (second.Warn < Math.Max(Least, 10 * usual))
            {
                _flooding.Remove(second.Service);
                _usual[second.Service] = usual + (Weight * (second.Warn - usual));
                continue;
            }

            if (_flooding.Add(second.Service))
            {
                findings.Add(new DetectorFinding
                {
                    Services = [second.Service],
                    Expected = string.Create(CultureInfo.InvariantCulture, $"about {usual:0.#} warnings a second"),
                    Observed = string.Create(CultureInfo.InvariantCulture, $"{second.Warn} warnings in a second"),
                    Severity = "medium",
                    Count = second.Warn,
                    Evidence = [.. second.Patterns.Select(p => p.Sample)],
                });
            }
        }

        return findings;
    }

    public ReadOnlyMemory<byte> Save() => Encoding.UTF8.GetBytes(string.Join('\n', _usual.Select(u => string.Create(
        CultureInfo.InvariantCulture, $"{(_flooding.Contains(u.Key) ? '!' : '=')}{u.Value:R} {u.Key}"))
        .Concat(_flooding.Where(f => !_usual.ContainsKey(f)).Select(f => $"!0 {f}"))));

    public void Restore(ReadOnlyMemory<byte> saved)
    {
        foreach (var line in Encoding.UTF8.GetString(saved.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var service = line[(space + 1)..];
            _usual[service] = double.Parse(line[1..space], CultureInfo.InvariantCulture);
            if (line[0] == '!')
            {
                _flooding.Add(service);
            }
        }
    }
}
