using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Culprit.Tests.Alerting;

/// <summary>A golden message as people read it at its receiver: its texts in their order, without the JSON around them.</summary>
internal static class GoldenText
{
    /// <param name="name">Of a file under <c>Cases/alerts</c>, without its ending.</param>
    public static string Of(string name, string content)
    {
        if (name.StartsWith("email", StringComparison.Ordinal) || name.StartsWith("console", StringComparison.Ordinal) || name.StartsWith("webhook", StringComparison.Ordinal))
        {
            return content.TrimEnd();
        }

        using var document = JsonDocument.Parse(content);
        var json = document.RootElement;
        var text = new StringBuilder();
        switch (name.Split('-')[0])
        {
            case "pagerduty":
                text.Append(json.GetProperty("payload").GetProperty("summary").GetString()).Append("\n\n");
                Fields(text, json.GetProperty("payload").GetProperty("custom_details"));
                Lines(text, json.GetProperty("links").EnumerateArray().Select(l => $"[{l.GetProperty("text")}] {l.GetProperty("href")}"));
                break;
            case "opsgenie":
                Lines(text, [json.GetProperty("body").GetProperty("message").GetString()!, "", json.GetProperty("body").GetProperty("description").GetString()!]);
                break;
            case "teams":
                var card = json.GetProperty("attachments")[0].GetProperty("content");
                Lines(text, card.GetProperty("body").EnumerateArray().Select(b => string.Concat(b.GetProperty("inlines").EnumerateArray().Select(r => r.GetProperty("text").GetString()))));
                Lines(text, card.GetProperty("actions").EnumerateArray().Select(a => $"[{a.GetProperty("title")}]"));
                break;
            case "alertmanager":
                text.Append("labels\n");
                Fields(text, json[0].GetProperty("labels"));
                text.Append("annotations\n");
                Fields(text, json[0].GetProperty("annotations"));
                break;
            case "datadog":
                Lines(text, [json.GetProperty("title").GetString()!, "", json.GetProperty("text").GetString()!.TrimEnd(), ""]);
                Lines(text, [string.Join(", ", json.GetProperty("tags").EnumerateArray().Select(t => t.GetString()))]);
                break;
            default:
                Lines(text, json.GetProperty("blocks").EnumerateArray().Select(b => Regex.Replace(b.GetProperty("text").GetProperty("text").GetString()!, "<[^|>]*[|]([^>]*)>", "[$1]")));
                break;
        }

        return text.ToString().TrimEnd();
    }

    private static void Lines(StringBuilder text, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            text.Append(line).Append('\n');
        }
    }

    private static void Fields(StringBuilder text, JsonElement fields)
    {
        foreach (var field in fields.EnumerateObject())
        {
            var values = field.Value.ValueKind == JsonValueKind.Array ? field.Value.EnumerateArray().Select(v => v.ToString()) : field.Value.ToString().Split('\n');
            text.Append("  ").Append(field.Name).Append(": ").AppendJoin("\n      ", values).Append('\n');
        }
    }
}
