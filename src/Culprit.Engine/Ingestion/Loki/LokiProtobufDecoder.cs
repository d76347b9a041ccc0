using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Loki;

/// <summary>A push as protobuf: <c>PushRequest</c> of Loki's <c>pkg/push/push.proto</c>.</summary>
internal sealed class LokiProtobufDecoder : IBodyDecoder
{
    // Field numbers and wire types of the messages.
    private const uint Streams = (1 << 3) | ProtoReader.Bytes;
    private const uint StreamLabels = (1 << 3) | ProtoReader.Bytes;
    private const uint StreamEntries = (2 << 3) | ProtoReader.Bytes;
    private const uint EntryTime = (1 << 3) | ProtoReader.Bytes;
    private const uint EntryLine = (2 << 3) | ProtoReader.Bytes;
    private const uint EntryMetadata = (3 << 3) | ProtoReader.Bytes;
    private const uint PairName = (1 << 3) | ProtoReader.Bytes;
    private const uint PairValue = (2 << 3) | ProtoReader.Bytes;
    private const uint TimeSeconds = 1 << 3;
    private const uint TimeNanos = 2 << 3;

    private readonly LokiStreams _streams = new();

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _streams.Begin(writer, receivedNanos, ids, result);
        var reader = new ProtoReader(body);
        var isSound = true;
        while (isSound && result.Fatal is null && reader.Read())
        {
            isSound = reader.Tag != Streams || TryReadStream(reader.Content);
        }

        if (!isSound || reader.IsBroken)
        {
            result.Fatal ??= ParseResult.Broken(RejectionCodes.BadProtobuf, "the body is no PushRequest", 0);
        }

        _streams.Finish();
    }

    /// <summary>False when the message is broken or the body has too many entries.</summary>
    private bool TryReadStream(ReadOnlySpan<byte> message)
    {
        // The labels may stand behind the entries.
        _streams.BeginStream();
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == StreamLabels)
            {
                _streams.ReadLabels(reader.Content);
            }
        }

        if (reader.IsBroken)
        {
            return false;
        }

        reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == StreamEntries && !TryReadEntry(reader.Content))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryReadEntry(ReadOnlySpan<byte> message)
    {
        _streams.BeginEntry();
        var line = default(ReadOnlySpan<byte>);
        var stamp = default(Stamp);
        var isSound = true;
        var reader = new ProtoReader(message);
        while (isSound && reader.Read())
        {
            switch (reader.Tag)
            {
                case EntryTime:
                    isSound = TryReadTime(reader.Content, out stamp);
                    break;
                case EntryLine:
                    line = reader.Content;
                    break;
                case EntryMetadata:
                    isSound = TryReadPair(reader.Content);
                    break;
            }
        }

        return isSound && !reader.IsBroken && _streams.TryAdd(line, stamp, 0);
    }

    private bool TryReadPair(ReadOnlySpan<byte> message)
    {
        var name = default(ReadOnlySpan<byte>);
        var value = default(ReadOnlySpan<byte>);
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == PairName)
            {
                name = reader.Content;
            }
            else if (reader.Tag == PairValue)
            {
                value = reader.Content;
            }
        }

        if (!name.IsEmpty)
        {
            _streams.AddMetadata(name, value);
        }

        return !reader.IsBroken;
    }

    private static bool TryReadTime(ReadOnlySpan<byte> message, out Stamp stamp)
    {
        long seconds = 0;
        long nanos = 0;
        var reader = new ProtoReader(message);
        while (reader.Read())
        {
            if (reader.Tag == TimeSeconds)
            {
                seconds = (long)reader.Value;
            }
            else if (reader.Tag == TimeNanos)
            {
                nanos = Math.Clamp((long)reader.Value, 0, UnixNanos.PerSecond - 1);
            }
        }

        // No time, or one that no clock shows: the time of receipt stands in.
        stamp = (seconds, nanos) is (0, 0) || seconds is < 0 or >= long.MaxValue / UnixNanos.PerSecond
            ? default
            : new Stamp(StampKind.Complete, (seconds * UnixNanos.PerSecond) + nanos);
        return !reader.IsBroken;
    }
}
