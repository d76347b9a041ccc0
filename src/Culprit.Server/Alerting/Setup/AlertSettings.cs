using Culprit.Engine.Alerting;
using Culprit.Server.Alerting.Sinks.PagerDuty;

namespace Culprit.Server.Alerting.Setup;

/// <summary>The section <c>alerts</c> of the configuration, read and checked.</summary>
/// <param name="Sinks">By name in lower case, without the console, which is always there.</param>
/// <param name="Mistakes">Each names key, value and what is allowed. With any, the rest must not be used.</param>
internal sealed record AlertSettings(
    IReadOnlyDictionary<string, SinkOptions> Sinks, IReadOnlyList<AlertRoute> Routes, IReadOnlyList<string> Mistakes)
{
    /// <summary>The sink that is always there, and that gets what no route matches.</summary>
    public const string Console = "console";

    private static readonly string[] Keys = ["sinks", "routes", "labels", "maintenance", "notices"];

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
            if (!Keys.Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                mistakes.Add($"{section.Path}:{key}: unknown key; known are {string.Join(", ", Keys)}.");
            }
        }

        var sinks = SinkReader.Read(section.GetSection("sinks"), mistakes);
        var names = section.GetSection("sinks").GetChildren().Select(SinkReader.NameOf).Append(Console).Concat(plugged).ToHashSet(StringComparer.Ordinal);
        var routes = RouteReader.Read(section.GetSection("routes"), names, mistakes);
        var maintenance = MaintenanceReader.Read(section.GetSection("maintenance"), mistakes);
        var labels = LabelReader.Read(section.GetSection("labels"), mistakes);
        var notices = ReadNotices(section.GetSection("notices"), names, mistakes);
        var used = routes.SelectMany(r => r.AllSinks).Concat(notices).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names.Where(n => n != Console && !plugged.Contains(n) && !used.Contains(n)))
        {
            mistakes.Add($"{section.Path}:sinks:{name}: no route leads to it; name it in the sinks of one of {section.Path}:routes.");
        }

        return new AlertSettings(sinks, routes, mistakes) { Handlers = plugged, Labels = labels, Maintenance = maintenance, Notices = notices };
    }

    /// <summary>Sinks that are told when another fails; empty for those that share a route with it.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Whom to tell that a sink does not take alerts: never itself, always the console.</summary>
    public IReadOnlyList<string> SinksToTell(string failing)
    {
        var others = Notices.Count > 0 ? Notices : Routes.Where(r => r.AllSinks.Contains(failing, StringComparer.Ordinal)).SelectMany(r => r.AllSinks);
        return [.. others.Append(Console).Where(s => s != failing).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Alert handlers of plug-ins.</summary>
    public IReadOnlyList<string> Handlers { get; init; } = [];

    /// <summary>What people say of services.</summary>
    public ServiceLabels Labels { get; init; } = ServiceLabels.None;

    /// <summary>When alerts are held back by plan.</summary>
    public IReadOnlyList<MaintenanceWindow> Maintenance { get; init; } = [];

    public AlertRules ToRules() => new(ToRouter()) { Maintenance = Maintenance };

    public AlertRouter ToRouter() => new(Routes, [Console, .. Handlers])
    {
        ChangeSinks = [.. Sinks.Where(s => s.Value is PagerDutyOptions { Changes: true }).Select(s => s.Key)],
    };

    private static List<string> ReadNotices(IConfigurationSection section, HashSet<string> names, List<string> mistakes)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            mistakes.Add($"{section.Path}: a single value is not allowed; use a list.");
        }

        var notices = section.GetChildren().OrderBy(RouteReader.Position).Select(n => n.Value?.ToLowerInvariant() ?? "").ToList();
        mistakes.AddRange(notices.Where(n => !names.Contains(n)).Select(n => SectionBinder.NotAllowed(section.Path, n, Joined(names))));
        return notices;
    }

    private static string Joined(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal));
}
