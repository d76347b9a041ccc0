using System.Net.Http.Headers;
using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Setup;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>A receiver that takes one request of JSON for each alert.</summary>
/// <param name="options">Without mistakes.</param>
internal abstract class JsonSink(string name, SinkOptions options, INetwork network, TimeProvider clock) : IAlertSink, IDisposable
{
    private readonly SinkClient _client = new(options, network, clock);

    public string Name => name;

    public virtual async Task<DeliveryResult> DeliverAsync(OutboxItem alert, CancellationToken cancellationToken)
    {
        if (!AlertParser.TryParse(alert.Json, out var parsed, out var mistake))
        {
            return new(DeliveryOutcome.Rejected, $"the alert cannot be read: {mistake}");
        }

        var answer = await PostAsync(AddressOf(parsed), Write(parsed), cancellationToken).ConfigureAwait(false);
        return Conclude(parsed, answer);
    }

    public void Dispose()
    {
        _client.Dispose();
        GC.SuppressFinalize(this);
    }

    protected TimeProvider Clock { get; } = clock;

    protected Task<SinkAnswer> PostAsync(Uri url, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) =>
        _client.PostAsync(url, json, AddHeaders, cancellationToken);

    protected abstract Uri AddressOf(Alert alert);

    protected abstract ReadOnlyMemory<byte> Write(Alert alert);

    protected virtual void AddHeaders(HttpRequestHeaders headers)
    {
    }

    protected virtual DeliveryResult Conclude(Alert alert, SinkAnswer answer) => answer.ToResult();
}
