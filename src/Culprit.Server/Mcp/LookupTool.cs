using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Analyst;

namespace Culprit.Server.Mcp;

/// <summary>What the analyst may look up, for others: the same tool with environment and moment as arguments.</summary>
internal sealed class LookupTool(IAnalystTool tool) : ReadTool
{
    private const string Environment = "environment";
    private const string Around = "around";
    private const int MaxItems = 40;

    private static readonly TimeSpan Before = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(15);

    protected override string Name => tool.Name;

    protected override string Description => tool.Description + " Looks from half an hour before the moment to a quarter of an hour after it.";

    protected override JsonElement Parameters { get; } = WithScope(tool.Parameters);

    protected override async Task<JsonNode?> ReadAsync(IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var at = Time(arguments, Around);
        var own = arguments.Where(a => a.Key is not (Environment or Around)).ToDictionary(StringComparer.Ordinal);
        var findings = await tool.TryLookUpAsync(
            new ToolScope(arguments[Environment], at - Before, at + After, at), own, cancellationToken).ConfigureAwait(false);
        return new JsonObject
        {
            ["findings"] = new JsonArray([.. findings.Items.Take(MaxItems).Select(i => (JsonNode)new JsonObject
            {
                ["text"] = i.Text,
                ["record_ids"] = new JsonArray([.. (i.RecordIds ?? []).Select(r => (JsonNode)r)]),
            })]),
            ["hint"] = findings.Note,
        };
    }

    private static JsonElement WithScope(JsonElement parameters)
    {
        var schema = JsonNode.Parse(parameters.GetRawText())!;
        schema["properties"]![Environment] = new JsonObject { ["type"] = "string", ["description"] = "The environment, as incidents name it." };
        schema["properties"]![Around] = new JsonObject { ["type"] = "string", ["description"] = "The moment of interest, such as 2026-03-01T14:03:00Z." };
        schema["required"]!.AsArray().Add((JsonNode)Environment);
        schema["required"]!.AsArray().Add((JsonNode)Around);
        return JsonSerializer.SerializeToElement(schema);
    }
}
