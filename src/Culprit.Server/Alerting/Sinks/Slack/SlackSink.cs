using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary>Posts to a Slack channel through an incoming webhook.</summary>
/// <remarks>Slack has no dedup key: an attempt that was taken but whose answer got lost is seen twice.</remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class SlackSink(string name, SlackOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Url);

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => SlackMessage.Write(alert, options);
}
