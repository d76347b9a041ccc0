using System.Net.Http.Headers;
using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Datadog;

/// <summary>Posts events to Datadog; those of one incident are one group there.</summary>
/// <remarks>Events are only added: an attempt that was taken but whose answer got lost is seen twice, in the same group.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class DatadogSink(string name, DatadogOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Target);

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => DatadogMessage.Write(alert, options, Clock.GetUtcNow());

    protected override void AddHeaders(HttpRequestHeaders headers) => headers.Add("DD-API-KEY", options.ApiKey);
}
