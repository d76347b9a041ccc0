using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Makes matchers of what the configuration or a request says, and names what is not allowed.</summary>
internal static class MatcherReader
{
    public const string Keys = "minSeverity, maxSeverity, environments, services, anomalyTypes, labels";

    private const int MaxPatterns = 100;
    private const int MaxPattern = 256;

    /// <summary>Binds a section, in which a label may have one value instead of a list.</summary>
    public static AlertMatcher Bind(IConfigurationSection section, MatcherOptions options, string known, List<string> mistakes)
    {
        SectionBinder.Bind(section, options, known, mistakes);
        foreach (var label in section.GetSection("labels").GetChildren().Where(l => l.Value is { Length: > 0 }))
        {
            options.Labels[label.Key] = [label.Value!];
        }

        return Read(options, section.Path + ":", mistakes);
    }

    /// <param name="prefix">Comes before the key in mistakes.</param>
    public static AlertMatcher Read(MatcherOptions options, string prefix, List<string> mistakes)
    {
        Check(prefix + "environments", options.Environments, mistakes);
        Check(prefix + "services", options.Services, mistakes);
        foreach (var type in options.AnomalyTypes.Where(t => !Enum.GetValues<AnomalyType>().Any(known => NamePattern.Matches(t, known.ToWire()))))
        {
            mistakes.Add(SectionBinder.NotAllowed(
                prefix + "anomalyTypes", type, string.Join(", ", Enum.GetValues<AnomalyType>().Select(t => t.ToWire())) + ", with * for any text"));
        }

        foreach (var (key, values) in options.Labels)
        {
            Check($"{prefix}labels:{key}", values, mistakes);
            if (values.Count == 0)
            {
                mistakes.Add(SectionBinder.NotAllowed($"{prefix}labels:{key}", "", "one value or a list"));
            }
        }

        return new AlertMatcher
        {
            MinSeverity = Severity(prefix + "minSeverity", options.MinSeverity, mistakes),
            MaxSeverity = Severity(prefix + "maxSeverity", options.MaxSeverity, mistakes),
            Environments = options.Environments,
            Services = options.Services,
            AnomalyTypes = options.AnomalyTypes,
            Labels = options.Labels.ToDictionary(l => l.Key, l => (IReadOnlyList<string>)l.Value, StringComparer.Ordinal),
        };
    }

    public static void Check(string key, IReadOnlyCollection<string> patterns, List<string> mistakes)
    {
        if (patterns.Count > MaxPatterns)
        {
            mistakes.Add($"{key}: at most {MaxPatterns}.");
        }

        foreach (var pattern in patterns.Where(p => p is null || p.Length is 0 or > MaxPattern))
        {
            mistakes.Add(SectionBinder.NotAllowed(key, pattern ?? "", $"names of 1 to {MaxPattern} characters, with * for any text"));
        }
    }

    private static IncidentSeverity Severity(string key, string word, List<string> mistakes)
    {
        if (!SeverityWords.TryParse(word, out var severity))
        {
            mistakes.Add(SectionBinder.NotAllowed(key, word, SeverityWords.Allowed));
        }

        return severity;
    }
}
