using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Reads <c>alerts:labels</c>: what people say of services.</summary>
internal static class LabelReader
{
    private const string Keys = "services, environments, labels";
    private const int MaxText = 256;

    public static ServiceLabels Read(IConfigurationSection section, List<string> mistakes) =>
        new([.. section.GetChildren().OrderBy(RouteReader.Position).Select(r => ReadRule(r, mistakes))]);

    private static LabelRule ReadRule(IConfigurationSection section, List<string> mistakes)
    {
        var options = new LabelOptions();
        SectionBinder.Bind(section, options, Keys, mistakes);
        MatcherReader.Check($"{section.Path}:services", options.Services, mistakes);
        MatcherReader.Check($"{section.Path}:environments", options.Environments, mistakes);
        if (options.Services.Count == 0)
        {
            mistakes.Add($"{section.Path}:services: name at least one, with * for any text.");
        }

        if (options.Labels.Count == 0)
        {
            mistakes.Add($"{section.Path}:labels: give at least one, such as team: payments.");
        }

        foreach (var (key, value) in options.Labels.Where(l => l.Key.Length is 0 or > MaxText || l.Value is null || l.Value.Length is 0 or > MaxText))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:labels:{key}", value ?? "", $"1 to {MaxText} characters"));
        }

        return new LabelRule(options.Services, options.Environments, options.Labels);
    }

    /// <summary>One entry of <c>alerts:labels</c>; of one key the first that matches a service counts.</summary>
    private sealed class LabelOptions
    {
        /// <summary>Services, with <c>*</c> for any text. Required.</summary>
        public List<string> Services { get; set; } = [];

        /// <summary>Environments, with <c>*</c> for any text. Default: all.</summary>
        public List<string> Environments { get; set; } = [];

        /// <summary>Such as <c>team: payments</c>.</summary>
        public Dictionary<string, string> Labels { get; set; } = [];
    }
}
