using System.Net.Http.Headers;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Opsgenie;

/// <summary>Tells Opsgenie or Jira Service Management; the incident's id is the alias, so that repeated tries are one alert there.</summary>
/// <remarks>Both answer 202 before they have processed a request. That it was taken is all that is known.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class OpsgenieSink(string name, OpsgenieOptions options, INetwork network, TimeProvider clock) : IAlertSink, IDisposable
{
    private const int NotFound = 404;

    private readonly SinkClient _client = new(options, network, clock);

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        var answer = await _client.PostAsync(
            OpsgenieMessage.Address(parsed, options),
            OpsgenieMessage.Write(parsed, options),
            headers => headers.Authorization = new AuthenticationHeaderValue("GenieKey", options.ApiKey),
            cancellationToken).ConfigureAwait(false);

        // Somebody closed and deleted it by hand: there is nothing left to end.
        return answer.Status == NotFound && parsed.Kind is AlertKind.Resolved or AlertKind.Acknowledged
            ? new(DeliveryOutcome.Delivered)
            : answer.ToResult();
    }

    public void Dispose() => _client.Dispose();
}
