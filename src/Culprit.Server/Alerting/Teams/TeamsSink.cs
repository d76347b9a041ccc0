using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Teams;

/// <summary>Posts to a channel or chat of Microsoft Teams through a workflow.</summary>
/// <remarks>
/// A workflow answers 202 before it has posted; that it was taken is all that is known. It has no dedup key: an attempt that was taken
/// but whose answer got lost is seen twice.
/// </remarks>
/// <param name="options">Without mistakes.</param>
internal sealed class TeamsSink(string name, TeamsOptions options, INetwork network, TimeProvider clock) : IAlertSink, IDisposable
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

        var answer = await _client.PostAsync(_url, TeamsMessage.Write(parsed, options), null, cancellationToken).ConfigureAwait(false);
        return answer.ToResult();
    }

    public void Dispose() => _client.Dispose();
}
