using System.Text;
using Culprit.Engine.Alerting;
using Culprit.Engine.Extending;

namespace OrderWatch;

/// <summary>Appends every alert to a file, one JSON object a line.</summary>
public sealed class AlertFile(string path) : IAlertHandler
{
    public string Name => "alert-file";

    public async Task<DeliveryResult> DeliverAsync(EngineEvent alert, CancellationToken cancellationToken)
    {
        await File.AppendAllTextAsync(path, Encoding.UTF8.GetString(alert.Json.Span) + "\n", cancellationToken);
        return new DeliveryResult(DeliveryOutcome.Delivered);
    }
}
