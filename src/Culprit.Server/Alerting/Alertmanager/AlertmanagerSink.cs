using System.Net.Http.Headers;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Alertmanager;

/// <summary>Hands incidents to Alertmanager; alerts of one incident are one alert there.</summary>
/// <param name="options">Without mistakes.</param>
internal sealed class AlertmanagerSink(string name, AlertmanagerOptions options, INetwork network, TimeProvider clock) : IAlertSink, IDisposable
{
    private readonly Uri _url = new(options.Url.TrimEnd('/') + "/api/v2/alerts");
    private readonly SinkClient _client = new(options, network, clock);

    public string Name => name;

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        var answer = await _client.PostAsync(
            _url,
            AlertmanagerMessage.Write(parsed, options, clock.GetUtcNow()),
            headers => headers.Authorization = options.BearerToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null,
            cancellationToken).ConfigureAwait(false);
        return answer.ToResult();
    }

    public void Dispose() => _client.Dispose();
}
