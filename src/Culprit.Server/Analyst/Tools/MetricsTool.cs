using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analyst.Tools;

/// <summary>How the metrics of a service moved.</summary>
internal sealed class MetricsTool(IRecordStore records) : IAnalystTool
{
    private const int MaxPoints = 1000;
    private const int MaxMetrics = 20;

    public string Name => "get_metrics";

    public string Description => "Median of each metric of one service before the incident and since it began; what moved most comes first.";

    public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service, "Name of the service."));

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var service = arguments[ToolSchema.Service];
        var before = await ReadAsync(scope, service, scope.From, scope.StartedAt, cancellationToken).ConfigureAwait(false);
        var since = await ReadAsync(scope, service, scope.StartedAt, scope.To, cancellationToken).ConfigureAwait(false);
        var items = since
            .Select(m => (m.Key, Now: Median(m.Value), Was: before.TryGetValue(m.Key, out var old) ? Median(old) : (double?)null))
            .OrderByDescending(m => m.Was is { } was ? Math.Abs(m.Now - was) / Math.Max(Math.Abs(was), 1e-9) : 0)
            .ThenBy(m => m.Key, StringComparer.Ordinal)
            .Take(MaxMetrics)
            .Select(m => new ToolItem(string.Create(
                CultureInfo.InvariantCulture,
                $"{service} {m.Key}: median {m.Now:0.####} since the start, {(m.Was is { } was ? was.ToString("0.####", CultureInfo.InvariantCulture) : "unknown")} before")))
            .ToList();
        return new ToolFindings(items, items.Count == 0 ? "No metrics of that service are known in that time." : null);
    }

    private async Task<SortedDictionary<string, List<double>>> ReadAsync(
        ToolScope scope, string service, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var points = new SortedDictionary<string, List<double>>(StringComparer.Ordinal);
        var found = await records.FindAsync(
            scope.Query("metric.value", service, from, to) with { Limit = MaxPoints }, cancellationToken).ConfigureAwait(false);
        foreach (var record in found)
        {
            using var fields = JsonDocument.Parse(record.Attributes.Length == 0 ? "{}" : record.Attributes);
            if (fields.RootElement.TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.Number)
            {
                if (!points.TryGetValue(record.Body, out var values))
                {
                    points.Add(record.Body, values = []);
                }

                values.Add(value.GetDouble());
            }
        }

        return points;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
