using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Engine.Filtering;

namespace Culprit.Server.Alerting.Setup;

/// <summary>Reads <c>alerts:routes</c>.</summary>
internal static class RouteReader
{
    private const string Keys = "name, " + MatcherReader.Keys + ", sinks, continue, repeat, escalate, sendResolved, inhibit";
    private const string EscalationKeys = "after, sinks";
    private const int MaxName = 64;

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <param name="names">Of the sinks that there are.</param>
    public static List<AlertRoute> Read(IConfigurationSection routes, HashSet<string> names, List<string> mistakes)
    {
        var read = routes.GetChildren().OrderBy(Position).Select(r => ReadRoute(r, names, mistakes)).ToList();
        foreach (var twice in read.Select(r => r.Name).OfType<string>().GroupBy(n => n, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            mistakes.Add($"{routes.Path}: {twice.Count()} routes have the name '{twice.Key}'; give each one of its own.");
        }

        return read;
    }

    /// <summary>Where an entry of a list stands: the host's configuration sorts keys, and "10" must come after "9" whoever sorted.</summary>
    public static int Position(IConfigurationSection entry) =>
        int.TryParse(entry.Key, CultureInfo.InvariantCulture, out var position) ? position : int.MaxValue;

    private static AlertRoute ReadRoute(IConfigurationSection section, HashSet<string> names, List<string> mistakes)
    {
        var options = new RouteOptions();
        var match = MatcherReader.Bind(section, options, Keys, mistakes);
        if (options.Name is { } name && !IsName(name))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:name", name, $"1 to {MaxName} letters, digits, - and _"));
        }

        if (options.Sinks.Count == 0)
        {
            mistakes.Add($"{section.Path}:sinks: name at least one of {Joined(names)}.");
        }

        return new AlertRoute
        {
            Name = options.Name,
            Match = match,
            Sinks = Sinks(options.Sinks, section.Path, names, mistakes),
            Continue = options.Continue,
            Repeat = options.Repeat is { } repeat ? Duration($"{section.Path}:repeat", repeat, mistakes) : null,
            Escalations = [.. section.GetSection("escalate").GetChildren().OrderBy(Position).Select(e => ReadEscalation(e, names, mistakes))],
            SendResolved = options.SendResolved,
            Inhibit = options.Inhibit,
        };
    }

    private static Escalation ReadEscalation(IConfigurationSection section, HashSet<string> names, List<string> mistakes)
    {
        var options = new EscalationOptions();
        SectionBinder.Bind(section, options, EscalationKeys, mistakes);
        if (options.Sinks.Count == 0)
        {
            mistakes.Add($"{section.Path}:sinks: name at least one of {Joined(names)}.");
        }

        return new Escalation(Duration($"{section.Path}:after", options.After ?? "", mistakes), Sinks(options.Sinks, section.Path, names, mistakes));
    }

    private static TimeSpan Duration(string key, string text, List<string> mistakes)
    {
        if (!FilterText.TryParseDuration(text, out var duration) || duration < Shortest)
        {
            mistakes.Add(SectionBinder.NotAllowed(key, text, "1m to 7d, such as 15m, 4h or 1d"));
        }

        return duration;
    }

    private static IReadOnlyList<string> Sinks(List<string> sinks, string path, HashSet<string> names, List<string> mistakes)
    {
        foreach (var sink in sinks.Where(s => !names.Contains(s.ToLowerInvariant())))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{path}:sinks", sink, Joined(names)));
        }

        return [.. sinks.Select(s => s.ToLowerInvariant())];
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string Joined(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
