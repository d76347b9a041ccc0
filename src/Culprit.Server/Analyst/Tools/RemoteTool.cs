using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Http;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Culprit.Server.Analyst.Tools;

/// <summary>A tool of another server. What it answers is that server's word: evidence, but from a source that can be written.</summary>
internal sealed class RemoteTool : IAnalystTool
{
    private const int MaxItems = 20;

    private readonly string _server;
    private readonly McpClientTool _tool;
    private readonly Dictionary<string, string> _types;

    private RemoteTool(string server, McpClientTool tool, Dictionary<string, string> types, JsonElement parameters)
    {
        _server = server;
        _tool = tool;
        _types = types;
        Parameters = parameters;
    }

    public string Name => $"{_server}_{_tool.Name}";

    public string Description => _tool.Description;

    public JsonElement Parameters { get; }

    /// <summary>Null for a tool that needs more than texts, numbers and truths.</summary>
    public static RemoteTool? Create(string server, McpClientTool tool)
    {
        var schema = tool.JsonSchema;
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()!).ToHashSet(StringComparer.Ordinal) : [];
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        var arguments = new List<(string Name, string Description)>();
        foreach (var property in schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().ToList() : [])
        {
            var type = JsonFields.Text(property.Value, "type");
            if (type is "string" or "number" or "integer" or "boolean")
            {
                types.Add(property.Name, type);
                arguments.Add((required.Contains(property.Name) ? property.Name : property.Name + "?", JsonFields.Text(property.Value, "description")));
            }
        }

        return required.IsSubsetOf(types.Keys) ? new RemoteTool(server, tool, types, ToolSchema.Of([.. arguments])) : null;
    }

    public async Task<ToolFindings> LookUpAsync(ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
    {
        var result = await _tool.CallAsync(arguments.ToDictionary(a => a.Key, a => (object?)Typed(a.Key, a.Value)), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var texts = result.Content.OfType<TextContentBlock>().Select(c => c.Text).Where(t => t.Length > 0).ToList();
        if (texts.Count == 0 && result.StructuredContent is { } structured)
        {
            texts.Add(structured.GetRawText());
        }

        return result.IsError is true
            ? new ToolFindings([], "The tool refused. Try other arguments.")
            : new ToolFindings([.. texts.Take(MaxItems).Select(t => new ToolItem(t, _server))], texts.Count == 0 ? "It found nothing." : null);
    }

    private JsonValue Typed(string name, string text) => _types[name] switch
    {
        "boolean" when bool.TryParse(text, out var truth) => JsonValue.Create(truth),
        "integer" when long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        "number" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
