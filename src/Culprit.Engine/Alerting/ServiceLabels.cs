using Culprit.Engine.Publishing;

namespace Culprit.Engine.Alerting;

/// <summary>Labels that people gave to services, such as team or tier. Rules are asked in order; of one key the first that matches a service counts.</summary>
internal sealed class ServiceLabels(IReadOnlyList<LabelRule> rules)
{
    public static ServiceLabels None { get; } = new([]);

    /// <summary>What the services of an alert have together: for each key every value once, in order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Of(Alert alert)
    {
        var labels = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (var service in alert.Services)
        {
            foreach (var (key, value) in Of(service, alert.Environment))
            {
                if (!labels.TryGetValue(key, out var values))
                {
                    labels[key] = values = new SortedSet<string>(StringComparer.Ordinal);
                }

                values.Add(value);
            }
        }

        return labels.ToDictionary(l => l.Key, l => (IReadOnlyList<string>)[.. l.Value], StringComparer.Ordinal);
    }

    /// <summary>The event with its labels in it, as <c>"labels": {"team": ["payments"]}</c>; unchanged when there are none or it cannot be read.</summary>
    public ReadOnlyMemory<byte> Put(ReadOnlyMemory<byte> json)
    {
        if (rules.Count == 0 || !AlertParser.TryParse(json, out var alert, out _) || Of(alert) is not { Count: > 0 } labels)
        {
            return json;
        }

        return EventJson.With(json, ("labels", writer =>
        {
            writer.WriteStartObject();
            foreach (var (key, values) in labels)
            {
                writer.WriteStartArray(key);
                foreach (var value in values)
                {
                    writer.WriteStringValue(value);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }
        ));
    }

    private Dictionary<string, string> Of(string service, string environment)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var rule in rules.Where(r => r.IsFor(service, environment)))
        {
            foreach (var (key, value) in rule.Labels)
            {
                found.TryAdd(key, value);
            }
        }

        return found;
    }
}

/// <summary>Labels of the services that match.</summary>
/// <param name="Services">Patterns; one must match.</param>
/// <param name="Environments">Patterns; one must match. Empty takes all.</param>
internal sealed record LabelRule(
    IReadOnlyList<string> Services, IReadOnlyList<string> Environments, IReadOnlyDictionary<string, string> Labels)
{
    public bool IsFor(string service, string environment) =>
        Services.Any(p => NamePattern.Matches(p, service))
        && (Environments.Count == 0 || Environments.Any(p => NamePattern.Matches(p, environment)));
}
