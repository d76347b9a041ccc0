using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.PagerDuty;

/// <summary>Pages through PagerDuty; the incident's id is the dedup key, so that repeated tries are one alert there.</summary>
/// <param name="options">Without mistakes.</param>
internal sealed class PagerDutySink(string name, PagerDutyOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Url);

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => PagerDutyMessage.Write(alert, options);
}
