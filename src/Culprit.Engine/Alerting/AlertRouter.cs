namespace Culprit.Engine.Alerting;

/// <summary>Decides which sinks an alert goes to: the routes in order, until one matches that does not continue.</summary>
/// <param name="routes">In order of precedence.</param>
/// <param name="fallback">Sinks of what no route matches, so that no alert goes nowhere.</param>
internal sealed class AlertRouter(IReadOnlyList<AlertRoute> routes, IReadOnlyList<string> fallback)
{
    /// <summary>Sinks that also get the changes that come in.</summary>
    public IReadOnlyList<string> ChangeSinks { get; init; } = [];

    /// <summary>Each sink once, in the order of the routes; the fallback for null, which is an alert that could not be read.</summary>
    public IReadOnlyList<string> Route(Alert? alert)
    {
        if (alert is null)
        {
            return fallback;
        }

        var sinks = new List<string>();
        foreach (var route in routes)
        {
            if (!route.Matches(alert))
            {
                continue;
            }

            sinks.AddRange(route.Sinks);
            if (!route.Continue)
            {
                break;
            }
        }

        return sinks.Count > 0 ? [.. sinks.Distinct(StringComparer.Ordinal)] : fallback;
    }

    /// <summary>The sinks for the JSON of an alert event.</summary>
    public IReadOnlyList<string> Route(ReadOnlyMemory<byte> json) => Route(AlertParser.TryParse(json, out var alert, out _) ? alert : null);
}
