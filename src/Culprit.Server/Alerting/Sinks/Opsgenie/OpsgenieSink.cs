using System.Net.Http.Headers;
using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Opsgenie;

/// <summary>Tells Opsgenie or Jira Service Management; the incident's id is the alias, so that repeated tries are one alert there.</summary>
/// <remarks>Both answer 202 before they have processed a request. That it was taken is all that is known.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class OpsgenieSink(string name, OpsgenieOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private const int NotFound = 404;

    protected override Uri AddressOf(Alert alert) => OpsgenieMessage.Address(alert, options);

    protected override ReadOnlyMemory<byte> Write(Alert alert) => OpsgenieMessage.Write(alert, options);

    protected override void AddHeaders(HttpRequestHeaders headers) => headers.Authorization = new AuthenticationHeaderValue("GenieKey", options.ApiKey);

    // Somebody closed and deleted it by hand: there is nothing left to end.
    protected override DeliveryResult Conclude(Alert alert, SinkAnswer answer) =>
        answer.Status == NotFound && alert.Kind is AlertKind.Resolved or AlertKind.Acknowledged
            ? new(DeliveryOutcome.Delivered)
            : base.Conclude(alert, answer);
}
