using System.Text.Json;
using Culprit.Engine.RootCause;

namespace Culprit.Server.Analyst.Tools;

/// <summary>SEED's <c>get_runbook</c>: what people wrote down to do.</summary>
internal sealed class RunbookTool(RunbookLibrary runbooks) : IAnalystTool
{
    private const string Issue = "issue";

    public string Name => "get_runbook";

    public string Description => "The runbook that fits a service and a message best: its title and beginning.";

    public JsonElement Parameters { get; } = ToolSchema.Of(
        (ToolSchema.Service, "The suspected service or dependency."), (Issue, "What is wrong, in words of the messages, such as 'connection refused'."));

    public Task<ToolFindings> LookUpAsync(
        ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var service = arguments[ToolSchema.Service];
        var found = runbooks.BestMatch(service, [arguments[Issue], service], [service], [], []);
        if (found is null)
        {
            return Task.FromResult(new ToolFindings([], "No runbook found. Escalate to on-call."));
        }

        var quote = RunbookLibrary.Quote(found);
        return Task.FromResult(new ToolFindings([new ToolItem($"Runbook {quote.Path}, {quote.Title}: {quote.Excerpt}")]));
    }
}
