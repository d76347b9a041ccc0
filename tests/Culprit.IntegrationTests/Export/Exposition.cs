using System.Globalization;
using System.Text;

namespace Culprit.IntegrationTests.Export;

/// <summary>One line of values.</summary>
internal sealed record Series(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Prometheus' text format, read as its documentation says. Anything else throws.</summary>
internal sealed class Exposition
{
    /// <summary>Type by the name of the family.</summary>
    public Dictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    public List<Series> Series { get; } = [];

    public static Exposition Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var parsed = new Exposition();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ');
                parsed.Types.Add(parts[2], parts[3]);
            }
            else if (line[0] != '#')
            {
                parsed.Series.Add(ParseSeries(line));
            }
        }

        return parsed;
    }

    /// <summary>Sum of the series of that name with all of the labels.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Series
        .Where(s => s.Name == name && labels.All(l => s.Labels.GetValueOrDefault(l.Name) == l.Value))
        .Sum(s => s.Value);

    private static Series ParseSeries(string line)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var at = line.IndexOfAny(['{', ' ']);
        var name = line[..at];
        if (line[at] == '{')
        {
            at++;
            while (line[at] != '}')
            {
                var equals = line.IndexOf("=\"", at, StringComparison.Ordinal);
                var label = line[at..equals];
                var value = new StringBuilder();
                for (at = equals + 2; line[at] != '"'; at++)
                {
                    value.Append(line[at] != '\\' ? line[at] : line[++at] switch
                    {
                        'n' => '\n',
                        '\\' => '\\',
                        '"' => '"',
                        var other => throw new FormatException($"\\{other} in {line}"),
                    });
                }

                labels.Add(label, value.ToString());
                at += line[at + 1] == ',' ? 2 : 1;
            }

            at++;
        }

        return new Series(name, labels, double.Parse(line[(at + 1)..], CultureInfo.InvariantCulture));
    }
}
