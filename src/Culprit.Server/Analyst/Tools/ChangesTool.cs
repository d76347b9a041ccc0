using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Http;
using Culprit.Server.Reporting;

namespace Culprit.Server.Analyst.Tools;

/// <summary>Deploys, commits, flags and configuration changes before the incident and during it.</summary>
internal sealed class ChangesTool(IRecordStore records) : IAnalystTool
{
    private const int MaxChanges = 20;
    private const int MaxMessage = 300;

    /// <summary>Changes work for hours.</summary>
    private static readonly TimeSpan Before = TimeSpan.FromHours(6);

    public string Name => "get_changes";

    public string Description => "Deploys, commits, flags and configuration changes from six hours before the incident on, newest first.";

    public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service + "?", "Only this service."));

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var found = await records.FindAsync(
            scope.Query("change", arguments.GetValueOrDefault(ToolSchema.Service), scope.StartedAt - Before, scope.To) with { Limit = MaxChanges },
            cancellationToken).ConfigureAwait(false);
        return new ToolFindings(
            [.. found.Select(ToItem)],
            found.Count == 0 ? "No change was reported in that time; that rules none out that nobody reports." : null);
    }

    private static ToolItem ToItem(StoredRecord record)
    {
        using var fields = JsonDocument.Parse(record.Attributes.Length == 0 ? "{}" : record.Attributes);
        var kind = JsonFields.Text(fields.RootElement, "kind");
        var id = IncidentReportReader.ChangeIdOf(fields.RootElement);
        return new ToolItem(string.Create(
            CultureInfo.InvariantCulture,
            $"{CasePrompt.Iso(UnixNanos.ToTime(record.TimestampNanos))} {kind} {id} at {record.Service}: \"{TextCut.Fit(record.Body, MaxMessage)}\""), record.Service);
    }
}
