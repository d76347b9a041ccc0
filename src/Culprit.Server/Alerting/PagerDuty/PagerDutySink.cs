using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.PagerDuty;

/// <summary>Pages through PagerDuty; the incident's id is the dedup key, so that repeated tries are one alert there.</summary>
/// <param name="options">Without mistakes.</param>
internal sealed class PagerDutySink(string name, PagerDutyOptions options, INetwork network, TimeProvider clock) : IAlertSink, IDisposable
{
    private readonly Uri _url = new(options.Url);
    private readonly SinkClient _client = new(options, network, clock);

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        var answer = await _client.PostAsync(_url, PagerDutyMessage.Write(parsed, options), null, cancellationToken).ConfigureAwait(false);
        return answer.ToResult();
    }

    public void Dispose() => _client.Dispose();
}
