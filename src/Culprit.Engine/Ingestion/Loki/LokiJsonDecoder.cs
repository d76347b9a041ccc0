using System.Text.Json;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Loki;

/// <summary>A push as JSON: <c>{"streams":[{"stream":{…},"values":[["ns","line",{…}]]}]}</c>, and the older form with <c>labels</c> and <c>entries</c>.</summary>
internal sealed class LokiJsonDecoder : IBodyDecoder
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = EventLimits.MaxDepth };

    private readonly LokiStreams _streams = new();
    private readonly TextScratch _scratch = new();

    public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result)
    {
        _streams.Begin(writer, receivedNanos, ids, result);
        var reader = new Utf8JsonReader(body, Options);
        try
        {
            if (!ReadBody(ref reader) && result.Fatal is null)
            {
                result.Fatal = ParseResult.Broken(
                    RejectionCodes.WrongType, "expected {\"streams\":[{\"stream\":{…},\"values\":[[\"nanoseconds\",\"line\"]]}]}", (int)reader.TokenStartIndex);
            }
        }
        catch (JsonException)
        {
            result.Fatal = ParseResult.Broken(RejectionCodes.BadJson, "the body is no JSON", (int)reader.BytesConsumed);
        }

        _streams.Finish();
    }

    private bool ReadBody(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isStreams = Is(reader, "streams"u8);
            reader.Read();
            if (!isStreams)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType != JsonTokenType.StartArray)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (!ReadStream(ref reader))
                {
                    return false;
                }
            }
        }

        return !reader.Read();
    }

    private bool ReadStream(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        // The labels may stand behind the entries; then those are read when the stream is known whole.
        _streams.BeginStream();
        var hasLabels = false;
        var late = default(Utf8JsonReader);
        var hasLate = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isLabels = Is(reader, "stream"u8) || Is(reader, "labels"u8);
            var isValues = Is(reader, "values"u8) || Is(reader, "entries"u8);
            reader.Read();
            if (isLabels)
            {
                hasLabels = true;
                if (!ReadLabels(ref reader))
                {
                    return false;
                }
            }
            else if (isValues && hasLabels)
            {
                if (!ReadValues(ref reader))
                {
                    return false;
                }
            }
            else
            {
                if (isValues)
                {
                    late = reader;
                    hasLate = true;
                }

                reader.Skip();
            }
        }

        return !hasLate || ReadValues(ref late);
    }

    private bool ReadLabels(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            _scratch.Clear();
            _streams.ReadLabels(Text(reader));
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _scratch.Clear();
            var name = Text(reader);
            reader.Read();
            if (!IsScalar(reader))
            {
                return false;
            }

            _streams.AddLabel(name, Text(reader));
        }

        return true;
    }

    private bool ReadValues(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            _scratch.Clear();
            _streams.BeginEntry();
            var isRead = reader.TokenType switch
            {
                JsonTokenType.StartArray => ReadValue(ref reader),
                JsonTokenType.StartObject => ReadEntry(ref reader),
                _ => false,
            };
            if (!isRead)
            {
                return false;
            }
        }

        return true;
    }

    // ["1795410000000000000","line",{"trace_id":"…"}]
    private bool ReadValue(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Read();
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
        {
            return false;
        }

        var stamp = StampOf(reader);
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        var line = Text(reader);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = Text(reader);
                reader.Read();
                if (IsScalar(reader))
                {
                    _streams.AddMetadata(name, Text(reader));
                }

                reader.Skip();
            }
        }

        return _streams.TryAdd(line, stamp, start);
    }

    // {"ts":"2026-11-23T05:00:00Z","line":"…"}
    private bool ReadEntry(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        var stamp = default(Stamp);
        var line = default(ReadOnlySpan<byte>);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTime = Is(reader, "ts"u8) || Is(reader, "timestamp"u8);
            var isLine = Is(reader, "line"u8);
            reader.Read();
            if (isTime && IsScalar(reader))
            {
                StampReader.TryReadAll(Text(reader), out stamp);
            }
            else if (isLine && reader.TokenType == JsonTokenType.String)
            {
                line = Text(reader);
            }

            reader.Skip();
        }

        return _streams.TryAdd(line, stamp, start);
    }

    /// <summary>Nanoseconds; whoever sends seconds or milliseconds is understood. Without a time that of receipt stands in.</summary>
    private static Stamp StampOf(scoped in Utf8JsonReader reader) =>
        EpochTime.TryRead(reader.ValueSpan, out var stamp) && stamp.Nanos != 0 ? stamp : default;

    // The reader's own comparison throws at half a surrogate pair.
    private static bool Is(scoped in Utf8JsonReader reader, ReadOnlySpan<byte> name) => !reader.ValueIsEscaped && reader.ValueSpan.SequenceEqual(name);

    private static bool IsScalar(scoped in Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False;

    private ReadOnlySpan<byte> Text(scoped in Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? _scratch.Unescape(reader.ValueSpan) : reader.ValueSpan;
}
