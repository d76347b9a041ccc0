using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>One request of OTLP, in protobuf or JSON -> records.</summary>
internal sealed class OtlpDecoder : IBodyDecoder
{
    // The three signals have the same two layers around their items.
    private const uint Resources = (1 << 3) | ProtoReader.Bytes;
    private const uint Resource = (1 << 3) | ProtoReader.Bytes;
    private const uint Scopes = (2 << 3) | ProtoReader.Bytes;
    private const uint Scope = (1 << 3) | ProtoReader.Bytes;
    private const uint Items = (2 << 3) | ProtoReader.Bytes;

    private readonly OtlpBatch _batch = new();
    private readonly OtlpJsonReader? _json;
    private readonly IOtlpMapper _mapper;

    /// <param name="histograms">Where the earlier points of cumulative histograms are kept; all decoders of metrics share them.</param>
    public OtlpDecoder(OtlpSignal signal, bool isJson, CumulativePoints histograms)
    {
        _json = isJson ? new OtlpJsonReader(signal) : null;
        _mapper = signal switch
        {
            OtlpSignal.Logs => new LogMapper(_batch),
            OtlpSignal.Traces => new SpanMapper(_batch),
            OtlpSignal.Metrics => new MetricMapper(_batch, histograms),
            _ => throw new System.Diagnostics.UnreachableException($"Unknown signal {(byte)signal}."),
        };
    }

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _batch.Begin(writer, receivedNanos, result);
        _mapper.Begin(ids);
        if (_json?.TryRead(body, result, out body) == false)
        {
            return;
        }

        var reader = new ProtoReader(body);
        while (result.Fatal is null && reader.Read())
        {
            if (reader.Tag == Resources)
            {
                ReadResource(reader.Content);
            }
        }

        _mapper.Finish();
        if (reader.IsBroken)
        {
            _batch.Break();
        }
    }

    private void ReadResource(ReadOnlySpan<byte> message)
    {
        if (!TryFind(message, Resource, out var resource) || !_batch.Origin.TryReadResource(resource))
        {
            _batch.Break();
            return;
        }

        var reader = new ProtoReader(message);
        while (_batch.Result.Fatal is null && reader.Read())
        {
            if (reader.Tag == Scopes)
            {
                ReadScope(reader.Content);
            }
        }
    }

    private void ReadScope(ReadOnlySpan<byte> message)
    {
        if (!TryFind(message, Scope, out var scope) || !_batch.Origin.TryReadScope(scope))
        {
            _batch.Break();
            return;
        }

        var reader = new ProtoReader(message);
        while (_batch.Result.Fatal is null && reader.Read())
        {
            if (reader.Tag != Items)
            {
                continue;
            }

            if (reader.Content.Length <= EventLimits.MaxEventBytes)
            {
                _mapper.Map(reader.Content);
            }
            else if (_batch.Count())
            {
                _batch.Reject(RejectionCodes.EventTooLarge, $"an item may have {EventLimits.MaxEventBytes} bytes, this one has {reader.Content.Length}");
            }
        }
    }

    /// <summary>The content of the last field of that tag, wherever it stands; false when the message is not well-formed.</summary>
    private static bool TryFind(ReadOnlySpan<byte> message, uint tag, out ReadOnlySpan<byte> content)
    {
        content = default;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            content = reader.Tag == tag ? reader.Content : content;
        }

        return !reader.IsBroken;
    }
}
