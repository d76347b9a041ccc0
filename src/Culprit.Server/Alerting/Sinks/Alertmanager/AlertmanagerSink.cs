using System.Net.Http.Headers;
using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Alertmanager;

/// <summary>Hands incidents to Alertmanager; alerts of one incident are one alert there.</summary>
/// <param name="options">Without mistakes.</param>
internal sealed class AlertmanagerSink(string name, AlertmanagerOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Url.TrimEnd('/') + "/api/v2/alerts");

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => AlertmanagerMessage.Write(alert, options, Clock.GetUtcNow());

    protected override void AddHeaders(HttpRequestHeaders headers) =>
        headers.Authorization = options.BearerToken is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
}
