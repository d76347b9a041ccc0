namespace Culprit.Engine.Alerting;

/// <summary>Decides which sinks an alert goes to: the routes in order, until one matches that does not continue.</summary>
/// <param name="routes">In order of precedence.</param>
/// <param name="fallback">Sinks of what no route matches, so that no alert goes nowhere.</param>
internal sealed class AlertRouter(IReadOnlyList<AlertRoute> routes, IReadOnlyList<string> fallback)
{
    public IReadOnlyList<AlertRoute> Routes => routes;

    /// <summary>Sinks that also get the changes that come in.</summary>
    public IReadOnlyList<string> ChangeSinks { get; init; } = [];

    /// <summary>The routes that take the alert, in order.</summary>
    public IReadOnlyList<AlertRoute> RoutesOf(Alert alert)
    {
        var taking = new List<AlertRoute>();
        foreach (var route in routes)
        {
            if (!route.Match.Touches(alert))
            {
                continue;
            }

            taking.Add(route);
            if (!route.Continue)
            {
                break;
            }
        }

        return taking;
    }

    /// <summary>Each sink once, in the order of the routes; the fallback for null, which is an alert that could not be read.</summary>
    public IReadOnlyList<string> Route(Alert? alert)
    {
        var sinks = alert is null ? [] : RoutesOf(alert).SelectMany(r => r.Sinks).Distinct(StringComparer.Ordinal).ToList();
        return sinks.Count > 0 ? sinks : fallback;
    }

    /// <summary>The sinks for the JSON of an alert event.</summary>
    public IReadOnlyList<string> Route(ReadOnlyMemory<byte> json) => Route(AlertParser.TryParse(json, out var alert, out _) ? alert : null);
}
