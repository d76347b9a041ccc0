using System.Text.Json;
using System.Text.Json.Nodes;

namespace Culprit.Server.Analyst.Tools;

/// <summary>Makes the JSON schemas of tools' arguments.</summary>
internal static class ToolSchema
{
    public const string Service = "service";

    /// <summary>Names with their descriptions; one that ends in <c>?</c> may be left out.</summary>
    public static JsonElement Of(params ReadOnlySpan<(string Name, string Description)> arguments)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var (name, description) in arguments)
        {
            var plain = name.TrimEnd('?');
            properties.Add(plain, new JsonObject { ["type"] = "string", ["description"] = description });
            if (plain == name)
            {
                required.Add(plain);
            }
        }

        return JsonSerializer.SerializeToElement(new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = required,
            ["additionalProperties"] = false,
        });
    }
}
