using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Analyst.Tools;

/// <summary>How often a service logged each pattern before and since the start.</summary>
internal sealed class ServicePatternsTool(IRecordStore records, PatternNames names) : IAnalystTool
{
    private const int MaxPatterns = 20;
    private const int MaxText = 300;

    public string Name => "get_service_patterns";

    public string Description => "How often one service logged each kind of line before the incident and since it began; those that changed most come first.";

    public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service, "Name of the service."));

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var service = arguments[ToolSchema.Service];
        await names.RefreshAsync(cancellationToken).ConfigureAwait(false);
        var before = await CountAsync(scope, service, scope.From, scope.StartedAt, cancellationToken).ConfigureAwait(false);
        var since = await CountAsync(scope, service, scope.StartedAt, scope.To, cancellationToken).ConfigureAwait(false);
        var minutes = (Before: Math.Max(1, (scope.StartedAt - scope.From).TotalMinutes), Since: Math.Max(1, (scope.To - scope.StartedAt).TotalMinutes));
        var changed = before.Keys.Union(since.Keys)
            .Select(p => (Pattern: p, Before: before.GetValueOrDefault(p), Since: since.GetValueOrDefault(p)))
            .OrderByDescending(p => Math.Abs((p.Since / minutes.Since) - (p.Before / minutes.Before)))
            .ThenBy(p => p.Pattern.Value)
            .ToList();
        var items = new List<ToolItem>();
        foreach (var (pattern, count, now) in changed.Take(MaxPatterns))
        {
            var example = await ExampleAsync(scope, service, pattern, cancellationToken).ConfigureAwait(false);
            items.Add(new ToolItem(string.Create(
                CultureInfo.InvariantCulture,
                $"{service} logged {now} times since the start and {count} times in the {minutes.Before:0} minutes before: {example}"), service));
        }

        var note = items.Count == 0 ? "That service logged nothing in that time. get_all_service_status lists the services." : null;
        return new ToolFindings(items, note);
    }

    private async Task<Dictionary<PatternId, long>> CountAsync(
        ToolScope scope, string service, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var where = scope.Query(EventTypes.Entry, service, from, to);
        var counts = new Dictionary<PatternId, long>();
        foreach (var row in await records.CountAsync(new CountQuery(where, 0, CountBy.Pattern), cancellationToken).ConfigureAwait(false))
        {
            var id = names.Resolve(row.Pattern!.Value);
            counts[id] = counts.GetValueOrDefault(id) + row.Count;
        }

        return counts;
    }

    private async Task<string> ExampleAsync(ToolScope scope, string service, PatternId pattern, CancellationToken cancellationToken)
    {
        var found = await records.FindAsync(
            scope.Query(EventTypes.Entry, service, scope.From, scope.To) with { Patterns = names.IdsOf(pattern), Limit = 1 }, cancellationToken).ConfigureAwait(false);
        return found.Count == 0 ? "(gone)" : $"\"{TextCut.Fit(found[0].Body, MaxText)}\"";
    }
}
