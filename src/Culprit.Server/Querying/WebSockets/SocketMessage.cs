using System.Text.Json;
using Culprit.Engine.Ingestion;

namespace Culprit.Server.Querying.WebSockets;

/// <summary>What a client wants.</summary>
internal enum SocketAction : byte
{
    Publish = 0,
    Subscribe = 1,
    Unsubscribe = 2,
    Ping = 3,
}

/// <summary>One message of a client, taken apart; values are ranges of its bytes, so that events are parsed once, by the intake.</summary>
/// <param name="Ref">The client's own name for the message as JSON, to be repeated in the answer; empty for none.</param>
/// <param name="Body">Publish: an event, or an array of events.</param>
/// <param name="Filter">Subscribe: values by the name of the query parameter that means the same.</param>
internal sealed record SocketMessage(
    SocketAction Action, ReadOnlyMemory<byte> Ref, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Filter);

/// <summary>Why a message was not understood.</summary>
internal sealed record SocketMistake(string Code, string Detail, ReadOnlyMemory<byte> Ref = default);

/// <summary>The bytes of one frame -> a message.</summary>
internal static class SocketMessageParser
{
    private const int MaxRefBytes = 256;

    private static readonly IReadOnlyList<string> FilterNames =
        ["types", "service", "environment", "level", "text", "trace_id", "correlation_id"];

    private static readonly string[] Names = ["action", "ref", "event", "events", .. FilterNames];

    private static readonly Dictionary<string, string> NoFilter = [];

    public static (SocketMessage? Message, SocketMistake? Mistake) Parse(ReadOnlyMemory<byte> frame)
    {
        try
        {
            return Read(frame);
        }
        catch (JsonException e)
        {
            return (null, new SocketMistake(RejectionCodes.BadJson, $"The message is not JSON (at byte {e.BytePositionInLine})."));
        }
    }

    private static (SocketMessage? Message, SocketMistake? Mistake) Read(ReadOnlyMemory<byte> frame)
    {
        var reader = new Utf8JsonReader(frame.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return (null, new SocketMistake(RejectionCodes.NotAnObject, "A message is a JSON object."));
        }

        var members = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        string? repeated = null;
        ReadOnlyMemory<byte>? unknown = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // A name that no control message has is the event's; the intake reads it again and judges it.
            var name = Known(ref reader);
            if (name is null)
            {
                unknown ??= frame.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            }

            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (name is not null && !members.TryAdd(name, frame[start..(int)reader.BytesConsumed]))
            {
                repeated = name;
            }
        }

        // Reads on, so that anything behind the object is a mistake.
        reader.Read();
        if (!members.TryGetValue("action", out var action))
        {
            return (new SocketMessage(SocketAction.Publish, default, frame, NoFilter), null);
        }

        if (!TryReadRef(members, out var reference))
        {
            return (null, new SocketMistake("bad_ref", $"ref is not a string or number of at most {MaxRefBytes} bytes."));
        }

        return repeated is not null
            ? (null, new SocketMistake(RejectionCodes.DuplicateKey, $"{repeated} stands there twice.", reference))
            : unknown is { } stranger
                ? (null, new SocketMistake("unknown_field", $"Unknown field {JsonText.Echo(stranger.Span)}.", reference))
                : Read(action, reference, members);
    }

    private static (SocketMessage? Message, SocketMistake? Mistake) Read(
        ReadOnlyMemory<byte> action, ReadOnlyMemory<byte> reference, Dictionary<string, ReadOnlyMemory<byte>> members)
    {
        switch (action.Span)
        {
            case var name when name.SequenceEqual("\"publish\""u8):
                var hasEvent = members.TryGetValue("event", out var one);
                var hasEvents = members.TryGetValue("events", out var many);
                if (hasEvent == hasEvents)
                {
                    return (null, new SocketMistake("bad_message", "publish takes either event or events.", reference));
                }

                var body = hasEvent ? one : many;
                return body.Span[0] == (hasEvent ? (byte)'{' : (byte)'[')
                    ? (new SocketMessage(SocketAction.Publish, reference, body, NoFilter), null)
                    : (null, new SocketMistake("bad_message", hasEvent ? "event is not an object." : "events is not an array.", reference));
            case var name when name.SequenceEqual("\"subscribe\""u8):
                return ReadFilter(members, out var filter) is { } wrong
                    ? (null, new SocketMistake("bad_parameter", wrong, reference))
                    : (new SocketMessage(SocketAction.Subscribe, reference, default, filter), null);
            case var name when name.SequenceEqual("\"unsubscribe\""u8):
                return (new SocketMessage(SocketAction.Unsubscribe, reference, default, NoFilter), null);
            case var name when name.SequenceEqual("\"ping\""u8):
                return (new SocketMessage(SocketAction.Ping, reference, default, NoFilter), null);
            default:
                return (null, new SocketMistake(
                    "unknown_action", $"action {JsonText.Echo(action.Span)} is not one of publish, subscribe, unsubscribe, ping.", reference));
        }
    }

    private static string? Known(ref Utf8JsonReader reader)
    {
        try
        {
            foreach (var name in Names)
            {
                if (reader.ValueTextEquals(name))
                {
                    return name;
                }
            }
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, written as an escape: no name of ours.
        }

        return null;
    }

    private static bool TryReadRef(Dictionary<string, ReadOnlyMemory<byte>> members, out ReadOnlyMemory<byte> reference)
    {
        if (!members.TryGetValue("ref", out reference))
        {
            return true;
        }

        return reference.Length <= MaxRefBytes && (reference.Span[0] is (byte)'"' or (byte)'-' || char.IsAsciiDigit((char)reference.Span[0]));
    }

    /// <summary>What is wrong, or null. A list becomes one text with commas, as in a query.</summary>
    private static string? ReadFilter(Dictionary<string, ReadOnlyMemory<byte>> members, out Dictionary<string, string> filter)
    {
        filter = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in FilterNames)
        {
            if (!members.TryGetValue(name, out var json))
            {
                continue;
            }

            if (ReadText(json.Span, takesList: name is "types" or "level") is not { } text)
            {
                return name == "types" ? "types is not a list of texts." : $"{name} is not a text.";
            }

            filter[name == "types" ? "type" : name] = text;
        }

        return null;
    }

    private static string? ReadText(ReadOnlySpan<byte> json, bool takesList)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return Text(ref reader);
        }

        if (!takesList || reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var texts = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String || Text(ref reader) is not { } text || text.Contains(',', StringComparison.Ordinal))
            {
                return null;
            }

            texts.Add(text);
        }

        return string.Join(',', texts);
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: it can match nothing that was stored.
            return null;
        }
    }
}
