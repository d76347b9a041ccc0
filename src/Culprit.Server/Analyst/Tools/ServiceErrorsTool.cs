using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Analyst.Tools;

/// <summary>SEED's <c>get_service_error_history</c>: error lines of one service, oldest first, repetitions left out.</summary>
internal sealed class ServiceErrorsTool(IRecordStore records, EventJsonWriter writer) : IAnalystTool
{
    private const int MaxLines = 20;
    private const int MaxMessage = 400;

    public string Name => "get_service_error_history";

    public string Description => "Error and fatal log lines of one service around the incident, oldest first, repetitions left out.";

    public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service, "Name of the service."));

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var found = await records.FindAsync(
            scope.Query(EventTypes.Entry, arguments[ToolSchema.Service], scope.From, scope.To) with
            {
                Levels = [Severity.Error, Severity.Fatal],
                WithoutDuplicates = true,
                OldestFirst = true,
                Limit = MaxLines + 1,
            },
            cancellationToken).ConfigureAwait(false);
        var note = found.Count == 0
            ? "No errors there in that time. Try get_all_service_status for the names of services, or get_service_patterns."
            : found.Count > MaxLines ? $"Only the first {MaxLines}; get_service_patterns counts them all." : null;
        return new ToolFindings([.. found.Take(MaxLines).Select(r => Line(r, writer))], note);
    }

    internal static ToolItem Line(StoredRecord record, EventJsonWriter writer) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{CasePrompt.Iso(UnixNanos.ToTime(record.TimestampNanos))} {record.Severity.ToWire()} {record.Service}: {TextCut.Fit(record.Body, MaxMessage)}"),
        record.Service,
        [writer.IdOf(record)]);
}
