using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Querying;

namespace Culprit.Server.Analyst.Tools;

/// <summary>Log lines of all levels around a moment.</summary>
internal sealed class RecordsAroundTool(IRecordStore records, EventJsonWriter writer) : IAnalystTool
{
    private const int MaxLines = 20;

    private static readonly TimeSpan Around = TimeSpan.FromSeconds(10);

    public string Name => "get_records_around";

    public string Description => "Log lines of every level within ten seconds of a moment, of one service or of all.";

    public JsonElement Parameters { get; } = ToolSchema.Of(
        ("at", "The moment, such as 2026-03-01T14:03:05Z."), (ToolSchema.Service + "?", "Only this service."));

    public async Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        if (!DateTimeOffset.TryParse(
            arguments["at"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            || at < scope.From || at > scope.To)
        {
            return new ToolFindings([], $"'at' must be a time from {CasePrompt.Iso(scope.From)} to {CasePrompt.Iso(scope.To)}.");
        }

        var found = await records.FindAsync(
            scope.Query(EventTypes.Entry, arguments.GetValueOrDefault(ToolSchema.Service), at - Around, at + Around) with
            {
                WithoutDuplicates = true,
                OldestFirst = true,
                Limit = MaxLines,
            },
            cancellationToken).ConfigureAwait(false);
        return new ToolFindings(
            [.. found.Select(r => ServiceErrorsTool.Line(r, writer))],
            found.Count == 0 ? "Nothing was logged there. Try another moment, or leave the service out." : null);
    }
}
