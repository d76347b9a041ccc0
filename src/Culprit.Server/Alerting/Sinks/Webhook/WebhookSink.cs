using System.Globalization;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks.Webhook;

/// <summary>Posts the alert event as it is on our wire, signed, to any receiver of Standard Webhooks.</summary>
internal sealed class WebhookSink : IAlertSink, IDisposable
{
    private const int Gone = 410;

    private readonly Uri _url;
    private readonly byte[][] _keys;
    private readonly SinkClient _client;
    private readonly TimeProvider _clock;
    private volatile bool _isGone;

    /// <param name="options">Without mistakes.</param>
    public WebhookSink(string name, WebhookOptions options, INetwork network, TimeProvider clock)
    {
        Name = name;
        _url = new Uri(options.Url);
        _keys = [.. options.SigningSecrets.Select(s => WebhookSecret.TryParse(s)!)];
        _client = new SinkClient(options, network, clock);
        _clock = clock;
    }

    public string Name { get; }

    public async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (_isGone)
        {
            return GoneResult();
        }

        // The same on every try, and another for each sink: two routes to one receiver are two messages.
        var id = $"{alert.Id}_{Name}";
        var timestamp = _clock.GetUtcNow().ToUnixTimeSeconds();
        var signature = WebhookSignature.Of(_keys, id, timestamp, alert.Json.Span);
        var answer = await _client.PostAsync(
            _url,
            alert.Json,
            headers =>
            {
                headers.Add("webhook-id", id);
                headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
                headers.Add("webhook-signature", signature);
            },
            cancellationToken).ConfigureAwait(false);
        if (answer.Status == Gone)
        {
            _isGone = true;
            return GoneResult();
        }

        return answer.ToResult();
    }

    public void Dispose() => _client.Dispose();

    /// <summary>The specification's word for "never again": nothing is sent until somebody looks, which is at the next start.</summary>
    private static DeliveryResult GoneResult() =>
        new(DeliveryOutcome.Rejected, "disabled: the receiver answered 410 Gone; remove it, or restart after it is back");
}
