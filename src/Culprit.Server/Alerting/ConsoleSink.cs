using System.Globalization;
using System.Text.Json;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Spectre.Console;

namespace Culprit.Server.Alerting;

/// <summary>Tells whoever watches the terminal. The default sink.</summary>
internal sealed class ConsoleSink(IAnsiConsole console) : IAlertSink
{
    public string Name => "console";

    public Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(alert.Json);
        var json = document.RootElement;
        var type = Text(json, "type");
        if (type == Surrender.NoticeType)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                $"[bold red]NOT DELIVERED[/] sink {Text(json, "sink")} did not get alert {Text(json, "alert_id")} of incident {Text(json, "incident_id")}: {Text(json, "reason")}");
            return Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
        }

        var (colour, word) = type switch
        {
            "alert.resolved" => ("green", "RESOLVED"),
            "alert.updated" => ("yellow", "UPDATE"),
            "alert.acknowledged" => ("yellow", "ACKNOWLEDGED by " + Text(json, "by")),
            "alert.repeated" => ("red", "STILL FIRING"),
            "alert.escalated" => ("red", "ESCALATED"),
            _ => ("red", "ALERT"),
        };
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold {colour}]{word}[/] {Text(json, "severity")} {Text(json, "anomaly_type")} in {Text(json, "environment")}: {List(json, "services")} (incident {Text(json, "incident_id")})");
        if (type != "alert.resolved")
        {
            Line("observed", $"{Text(json, "observed")}; expected {Text(json, "expected")}");
            Line("cause", $"{Text(json, "root_cause")} (confidence {Text(json, "confidence")})");
            Line("explained", Text(json, "explanation"));
            Line("do", Text(json, "recommended_action"));
            Line("runbook", Text(json, "runbook"));
        }

        return Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
    }

    private void Line(string label, string text)
    {
        if (text.Length > 0)
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]{label,-9}[/]{text}");
        }
    }

    private static string Text(JsonElement json, string name) => !json.TryGetProperty(name, out var value)
        ? string.Empty
        : TerminalText.Visible(value.ValueKind == JsonValueKind.String ? value.GetString() : value.ValueKind == JsonValueKind.Null ? null : value.GetRawText());

    private static string List(JsonElement json, string name) => json.TryGetProperty(name, out var value)
        ? string.Join(", ", value.EnumerateArray().Select(v => TerminalText.Visible(v.GetString())))
        : string.Empty;
}
