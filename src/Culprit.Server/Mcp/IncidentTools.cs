using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Engine.RootCause.Inquiries;
using Culprit.Engine.Storage;
using Culprit.Server.Analyst.Tools;
using Culprit.Server.Querying;
using Culprit.Server.Reporting;
using Culprit.Server.RootCause;

namespace Culprit.Server.Mcp;

/// <summary>Incidents in their newest state.</summary>
internal sealed class ListIncidentsTool(IStateStore state) : ReadTool
{
    private const int MaxIncidents = 50;

    protected override string Name => "list_incidents";

    protected override string Description => "Incidents in their newest state, newest first, at most 50.";

    protected override JsonElement Parameters { get; } = ToolSchema.Of(
        ("environment?", "Only this environment."), ("service?", "Only incidents of this service."), ("state?", "open, acknowledged or resolved."));

    protected override async Task<JsonNode?> ReadAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var newest = await IncidentEndpoints.NewestStatesAsync(
            state,
            new EventFilter
            {
                Environment = arguments.GetValueOrDefault("environment"),
                Service = arguments.GetValueOrDefault("service"),
                State = arguments.GetValueOrDefault("state"),
                Limit = MaxIncidents,
            },
            cancellationToken).ConfigureAwait(false);
        return new JsonObject { ["incidents"] = new JsonArray([.. newest.Select(e => JsonNode.Parse(e.Json.Span))]) };
    }
}

/// <summary>One incident with its cause, evidence, lines and changes.</summary>
internal sealed class GetIncidentTool(IncidentReportReader reader) : ReadTool
{
    protected override string Name => "get_incident";

    protected override string Description => "One incident: anomalies, timeline, ranked causes with evidence for and against, what was ruled out, log lines, changes, runbook.";

    protected override JsonElement Parameters { get; } = ToolSchema.Of(("id", "From list_incidents (incident_id)."));

    protected override async Task<JsonNode?> ReadAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken) =>
        await reader.ReadAsync(arguments["id"], cancellationToken).ConfigureAwait(false) is { } report
            ? JsonNode.Parse(IncidentJson.Render(report).Span)
            : throw new ArgumentException("There is no such incident; list_incidents has them.");
}

/// <summary>The ranked causes of a stretch of time.</summary>
internal sealed class DiagnoseTool(StoredInquiry inquiry) : ReadTool
{
    private static readonly TimeSpan MaxRange = TimeSpan.FromHours(24);

    protected override string Name => "diagnose";

    protected override string Description => "Ranked causes of what went wrong between two moments, whether or not an incident was found.";

    protected override JsonElement Parameters { get; } = ToolSchema.Of(
        ("from", "When the trouble began, such as 2026-03-01T14:03:00Z."), ("to", "When it ended, or now."), ("environment?", "Only this environment."));

    protected override async Task<JsonNode?> ReadAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var (from, to) = (Time(arguments, "from"), Time(arguments, "to"));
        if (to <= from || to - from > MaxRange)
        {
            throw new ArgumentException($"'to' must come after 'from', by at most {MaxRange.TotalHours:0} hours.");
        }

        return await inquiry.AskAsync(new InquiryRange(from, to), arguments.GetValueOrDefault("environment"), null, cancellationToken).ConfigureAwait(false) is { } found
            ? JsonNode.Parse(DiagnoseEndpoints.Render(found.Findings, found.Records).Span)
            : throw new ArgumentException($"There are more than {StoredInquiry.MaxRecords} records; ask for a shorter time or one environment.");
    }
}
