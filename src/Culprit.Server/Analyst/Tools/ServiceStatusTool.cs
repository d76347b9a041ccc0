using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Server.Analyst.Tools;

/// <summary>Every service of the environment with its errors before and since the start.</summary>
internal sealed class ServiceStatusTool(IRecordStore records) : IAnalystTool
{
    private const int MaxServices = 60;

    public string Name => "get_all_service_status";

    public string Description => "Every service with its log lines and errors per minute before the incident and since it began; most errors first.";

    public JsonElement Parameters { get; } = ToolSchema.Of();

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var before = await CountAsync(scope, scope.From, scope.StartedAt, cancellationToken).ConfigureAwait(false);
        var since = await CountAsync(scope, scope.StartedAt, scope.To, cancellationToken).ConfigureAwait(false);
        var was = Math.Max(1, (scope.StartedAt - scope.From).TotalMinutes);
        var has = Math.Max(1, (scope.To - scope.StartedAt).TotalMinutes);
        var lines = before.Keys.Union(since.Keys)
            .Select(s => (Service: s, Before: before.GetValueOrDefault(s), Since: since.GetValueOrDefault(s)))
            .OrderByDescending(s => s.Since.Errors).ThenBy(s => s.Service, StringComparer.Ordinal)
            .Take(MaxServices)
            .Select(s => string.Create(
                CultureInfo.InvariantCulture,
                $"{s.Service}: {s.Since.Errors / has:0.##} errors and {s.Since.Records / has:0.##} lines per minute since the start; {s.Before.Errors / was:0.##} errors and {s.Before.Records / was:0.##} lines per minute before"))
            .Chunk(3) // A finding has room for some of them, and there may be many services.
            .Select(chunk => new ToolItem(string.Join('\n', chunk)))
            .ToList();
        return new ToolFindings(lines, lines.Count == 0 ? "No service logged anything in that time." : null);
    }

    private async Task<Dictionary<string, (long Records, long Errors)>> CountAsync(
        ToolScope scope, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var where = scope.Query(EventTypes.Entry, null, from, to);
        var counts = new Dictionary<string, (long Records, long Errors)>(StringComparer.Ordinal);
        foreach (var row in await records.CountAsync(new CountQuery(where, 0, CountBy.Service | CountBy.Level), cancellationToken).ConfigureAwait(false))
        {
            var (all, errors) = counts.GetValueOrDefault(row.Service!);
            counts[row.Service!] = (all + row.Count, errors + (row.Level!.Value.IsError() ? row.Count : 0));
        }

        return counts;
    }
}
