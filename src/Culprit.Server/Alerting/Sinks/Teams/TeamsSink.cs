using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Teams;

/// <summary>Posts to a channel or chat of Microsoft Teams through a workflow.</summary>
/// <remarks>
/// A workflow answers 202 before it has posted; that it was taken is all that is known. It has no dedup key: an attempt that was taken
/// but whose answer got lost is seen twice.
/// </remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class TeamsSink(string name, TeamsOptions options, INetwork network, TimeProvider clock) : JsonSink(name, options, network, clock)
{
    private readonly Uri _url = new(options.Url);

    protected override Uri AddressOf(Alert alert) => _url;

    protected override ReadOnlyMemory<byte> Write(Alert alert) => TeamsMessage.Write(alert, options);
}
