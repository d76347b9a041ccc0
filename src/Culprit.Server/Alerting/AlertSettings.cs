using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.PagerDuty;

namespace Culprit.Server.Alerting;

/// <summary>The section <c>alerts</c> of the configuration, read and checked.</summary>
/// <param name="Sinks">By name in lower case, without the console, which is always there.</param>
/// <param name="Mistakes">Each names key, value and what is allowed. With any, the rest must not be used.</param>
internal sealed record AlertSettings(
    IReadOnlyDictionary<string, SinkOptions> Sinks, IReadOnlyList<AlertRoute> Routes, IReadOnlyList<string> Mistakes)
{
    /// <summary>The sink that is always there, and that gets what no route matches.</summary>
    public const string Console = "console";

    private const string RouteKeys = "minSeverity, environments, services, sinks, continue";

    /// <summary>Everything to the console.</summary>
    public static AlertSettings None { get; } = new(new Dictionary<string, SinkOptions>(), [], []);

    /// <param name="section"><c>alerts</c>; may be empty, then everything goes to the console.</param>
    /// <param name="handlers">Names of alert handlers that plug-ins brought: routes may name them, and without routes they get every alert.</param>
    public static AlertSettings Read(IConfigurationSection section, IEnumerable<string>? handlers = null)
    {
        var plugged = (handlers ?? []).ToList();
        var mistakes = new List<string>();
        foreach (var key in section.GetChildren().Select(c => c.Key))
        {
            if (key.ToLowerInvariant() is not ("sinks" or "routes" or "notices"))
            {
                mistakes.Add($"{section.Path}:{key}: unknown key; known are sinks, routes, notices.");
            }
        }

        var sinks = SinkReader.Read(section.GetSection("sinks"), mistakes);
        var names = section.GetSection("sinks").GetChildren().Select(SinkReader.NameOf).Append(Console).Concat(plugged).ToHashSet(StringComparer.Ordinal);
        var routes = section.GetSection("routes").GetChildren().OrderBy(Position).Select(r => ReadRoute(r, names, mistakes)).ToList();
        var notices = ReadNotices(section.GetSection("notices"), names, mistakes);
        var used = routes.SelectMany(r => r.Sinks).Concat(notices).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Where(n => n != Console && !plugged.Contains(n) && !used.Contains(n)))
        {
            mistakes.Add($"{section.Path}:sinks:{name}: no route leads to it; name it in the sinks of one of {section.Path}:routes.");
        }

        return new AlertSettings(sinks, routes, mistakes) { Handlers = plugged, Notices = notices };
    }

    /// <summary>Sinks that are told when another fails; empty for those that share a route with it.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Whom to tell that a sink does not take alerts: never itself, always the console.</summary>
    public IReadOnlyList<string> SinksToTell(string failing)
    {
        var others = Notices.Count > 0 ? Notices : Routes.Where(r => r.Sinks.Contains(failing, StringComparer.Ordinal)).SelectMany(r => r.Sinks);
        return [.. others.Append(Console).Where(s => s != failing).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Alert handlers of plug-ins.</summary>
    public IReadOnlyList<string> Handlers { get; init; } = [];

    public AlertRouter ToRouter() => new(Routes, [Console, .. Handlers])
    {
        ChangeSinks = [.. Sinks.Where(s => s.Value is PagerDutyOptions { Changes: true }).Select(s => s.Key)],
    };

    // The host's configuration sorts keys; "10" must come after "9" whoever sorted.
    private static int Position(IConfigurationSection route) =>
        int.TryParse(route.Key, System.Globalization.CultureInfo.InvariantCulture, out var position) ? position : int.MaxValue;

    private static List<string> ReadNotices(IConfigurationSection section, HashSet<string> names, List<string> mistakes)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            mistakes.Add($"{section.Path}: a single value is not allowed; use a list.");
        }

        var notices = section.GetChildren().OrderBy(Position).Select(n => n.Value?.ToLowerInvariant() ?? "").ToList();
        mistakes.AddRange(notices.Where(n => !names.Contains(n)).Select(n => SectionBinder.NotAllowed(section.Path, n, Joined(names))));
        return notices;
    }

    private static AlertRoute ReadRoute(IConfigurationSection section, HashSet<string> names, List<string> mistakes)
    {
        var options = new RouteOptions();
        SectionBinder.Bind(section, options, RouteKeys, mistakes);
        if (!SeverityWords.TryParse(options.MinSeverity, out var severity))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:minSeverity", options.MinSeverity, SeverityWords.Allowed));
        }

        if (options.Sinks.Count == 0)
        {
            mistakes.Add($"{section.Path}:sinks: name at least one of {Joined(names)}.");
        }

        foreach (var sink in options.Sinks.Where(s => !names.Contains(s.ToLowerInvariant())))
        {
            mistakes.Add(SectionBinder.NotAllowed($"{section.Path}:sinks", sink, Joined(names)));
        }

        foreach (var pattern in options.Environments.Concat(options.Services).Where(p => p.Length is 0 or > 256))
        {
            mistakes.Add(SectionBinder.NotAllowed(section.Path, pattern, "names of 1 to 256 characters, with * for any text"));
        }

        return new AlertRoute
        {
            MinSeverity = severity,
            Environments = options.Environments,
            Services = options.Services,
            Sinks = [.. options.Sinks.Select(s => s.ToLowerInvariant())],
            Continue = options.Continue,
        };
    }

    private static string Joined(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
