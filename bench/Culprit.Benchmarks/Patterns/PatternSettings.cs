using System.Globalization;
using Culprit.Engine.Patterns;

namespace Culprit.Benchmarks.Patterns;

/// <summary>Reads <c>DistinctWords=6</c> and the like: any whole-number setting of the miner by its name.</summary>
internal static class PatternSettings
{
    public static PatternOptions Read(IEnumerable<string> settings)
    {
        var options = new PatternOptions();
        foreach (var setting in settings)
        {
            var parts = setting.Split('=', 2);
            if (typeof(PatternOptions).GetProperty(parts[0]) is not { } property)
            {
                throw new ArgumentException($"The miner has no setting {parts[0]}.", nameof(settings));
            }

            property.SetValue(options, int.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        return options;
    }
}
