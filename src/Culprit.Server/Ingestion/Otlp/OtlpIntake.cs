using System.Collections.Concurrent;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Otlp;

/// <summary>Requests of OTLP, from either transport -> durable records -> the bytes of the answer.</summary>
internal sealed class OtlpIntake(ShipperIntake intake, IngestionMetrics metrics)
{
    private const int MaxKeptDecoders = 16;

    private readonly CumulativePoints _histograms = new();
    private readonly ConcurrentDictionary<(OtlpSignal Signal, bool IsJson), ConcurrentBag<OtlpDecoder>> _decoders = [];

    /// <param name="body">One request, inflated.</param>
    public async Task<(byte[]? Answer, Problem? Problem)> TakeAsync(ReadOnlyMemory<byte> body, OtlpSignal signal, bool isJson)
    {
        if (body.IsEmpty)
        {
            // An empty message is a request without records; some senders send nothing at all for it in JSON, too.
            metrics.RequestAccepted(kept: 0);
            return (OtlpAnswer.Of(signal, isJson, new BatchParse()), null);
        }

        var free = _decoders.GetOrAdd((signal, isJson), _ => []);
        if (!free.TryTake(out var decoder))
        {
            decoder = new OtlpDecoder(signal, isJson, _histograms);
        }

        try
        {
            // The transports share their memory of resends: a sender may change from one to the other.
            return await intake.TakeAsync(body, $"otlp {signal} {isJson}", decoder, taken => OtlpAnswer.Of(signal, isJson, taken.Parse)).ConfigureAwait(false);
        }
        finally
        {
            if (free.Count < MaxKeptDecoders)
            {
                free.Add(decoder);
            }
        }
    }
}
