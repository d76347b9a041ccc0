using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Engine.Correlation;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Setup;
using Spectre.Console;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>Tells whoever watches the terminal. The default sink.</summary>
internal sealed class ConsoleSink(IAnsiConsole console) : IAlertSink
{
    private const int MaxLines = 5;

    public string Name => AlertSettings.Console;

    public Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return Task.FromResult(new DeliveryResult(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}"));
        }

        Write(parsed);
        return Task.FromResult(new DeliveryResult(DeliveryOutcome.Delivered));
    }

    internal void Write(Alert alert)
    {
        var (colour, word) = alert.Kind switch
        {
            AlertKind.Firing when alert.FailingSink is not null => ("red", "NOT DELIVERED"),
            AlertKind.Resolved when alert.FailingSink is not null => ("green", "DELIVERED AGAIN"),
            AlertKind.Firing => ("red", alert.IsReminder ? "STILL FIRING" : "ALERT"),
            AlertKind.Updated => ("yellow", "UPDATE"),
            AlertKind.Acknowledged => ("yellow", alert.By is { } by ? $"ACKNOWLEDGED by {AlertText.Name(by)}" : "ACKNOWLEDGED"),
            AlertKind.Resolved => ("green", "RESOLVED"),
            _ => throw new System.Diagnostics.UnreachableException("Unknown kind of alert."),
        };
        var services = string.Join(", ", alert.Services.Select(AlertText.Name));
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold {colour}]{word}[/] {alert.Severity.ToWire()} {AlertText.Name(alert.AnomalyType ?? "")} in {AlertText.Name(alert.Environment)}: {services} (incident {AlertText.Name(alert.IncidentId)})");
        if (alert.Kind is not (AlertKind.Firing or AlertKind.Updated))
        {
            return;
        }

        foreach (var (label, text) in AlertText.Facts(alert))
        {
            Line(label, text);
        }

        foreach (var (title, lines) in AlertText.Quotes(alert, MaxLines))
        {
            console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]{title}[/]");
            foreach (var line in lines)
            {
                console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"    {line}");
            }
        }
    }

    private void Line(string label, string text) =>
        console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"  [grey]{label.ToLowerInvariant(),-11}[/]{text.ReplaceLineEndings(" ")}");
}
