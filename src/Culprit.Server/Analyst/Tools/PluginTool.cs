using System.Text.Json;
using Culprit.Engine.Extending;

namespace Culprit.Server.Analyst.Tools;

/// <summary>A lookup that a plug-in brings.</summary>
internal sealed class PluginTool(ILookup lookup) : IAnalystTool
{
    public string Name => lookup.Name;

    public string Description => lookup.Description;

    public JsonElement Parameters { get; } = ToolSchema.Of([.. lookup.Arguments.Select(a => (a.IsRequired ? a.Name : a.Name + "?", a.Description))]);

    public async Task<ToolFindings> LookUpAsync(ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var answer = await lookup.LookUpAsync(
            new LookupQuestion(scope.Environment, scope.From, scope.To, scope.StartedAt, arguments), cancellationToken).ConfigureAwait(false);
        return new ToolFindings([.. answer.Findings.Select(f => new ToolItem(f))], answer.Note);
    }
}
