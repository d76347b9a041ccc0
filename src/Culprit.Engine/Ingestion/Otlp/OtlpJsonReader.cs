using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>A request in OTLP's JSON -> the same request in protobuf, so that one mapping serves both.</summary>
/// <remarks>
/// A value of the wrong type costs the log record, span or data point that holds it; it counts as rejected. Broken text, a repeated
/// key and too deep a value refuse the whole body. Fields that <see cref="OtlpSchema"/> does not know are ignored. Not thread-safe.
/// </remarks>
internal sealed class OtlpJsonReader(OtlpSignal signal)
{
    // A value takes four levels of JSON for each of its own: {"kvlistValue":{"values":[{"value":…}]}}.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 16 + (4 * EventLimits.MaxDepth) };

    private readonly OtlpMessage _request = OtlpSchema.RequestOf(signal);
    private readonly ProtoWriter _output = new();
    private byte[] _plain = new byte[256];
    private BatchParse _result = new();
    private ParseResult? _mistake;

    /// <summary>False when the body is refused: <see cref="BatchParse.Fatal"/> says why.</summary>
    /// <param name="protobuf">Valid until the next body.</param>
    public bool TryRead(ReadOnlySpan<byte> json, BatchParse result, out ReadOnlySpan<byte> protobuf)
    {
        _result = result;
        _mistake = null;
        _output.Clear();
        var reader = new Utf8JsonReader(json, Options);
        try
        {
            result.Fatal = Utf8.IsValid(json) ? ReadRequest(ref reader)
                : ParseResult.Broken(RejectionCodes.BadUtf8, "the text is not valid UTF-8", 0);
        }
        catch (JsonException e)
        {
            result.Fatal = reader.CurrentDepth >= Options.MaxDepth
                ? TooDeep(reader)
                : ParseResult.Broken(RejectionCodes.BadJson, JsonText.Explain(e), (int)reader.BytesConsumed);
        }

        protobuf = _output.Written;
        return result.Fatal is null;
    }

    private ParseResult? ReadRequest(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return ParseResult.Broken(RejectionCodes.NotAnObject, "a request is a JSON object", (int)reader.TokenStartIndex);
        }

        var fatal = ReadMessage(ref reader, _request, 0) ?? _mistake;
        reader.Read(); // Only space may follow; anything else is thrown.
        return fatal;
    }

    /// <summary>Reads the fields of an object whose brace was read, to its end.</summary>
    private ParseResult? ReadMessage(ref Utf8JsonReader reader, OtlpMessage message, int depth)
    {
        if (depth > EventLimits.MaxDepth)
        {
            return TooDeep(reader);
        }

        var seen = 0u;
        var expected = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var index = Find(ref reader, message.Fields, ref expected);
            var at = (int)reader.TokenStartIndex;
            reader.Read();
            if (index < 0)
            {
                reader.Skip();
                continue;
            }

            var field = message.Fields[index];
            if ((seen & (1u << index)) != 0)
            {
                return ParseResult.Broken(RejectionCodes.DuplicateKey, $"the key '{field.Name}' appears twice in one object", at);
            }

            seen |= 1u << index;
            if (reader.TokenType != JsonTokenType.Null && ReadField(ref reader, field, depth) is { } fatal)
            {
                return fatal;
            }
        }

        return null;
    }

    /// <summary>Index of the field of that name, or -1. Senders keep to an order, so the next one is tried first.</summary>
    private static int Find(ref Utf8JsonReader reader, OtlpField[] fields, ref int expected)
    {
        if (expected < fields.Length && reader.ValueSpan.SequenceEqual(fields[expected].Utf8Name))
        {
            return expected++;
        }

        for (var i = 0; i < fields.Length; i++)
        {
            if (reader.ValueTextEquals(fields[i].Utf8Name))
            {
                expected = i + 1;
                return i;
            }
        }

        return -1;
    }

    private ParseResult? ReadField(ref Utf8JsonReader reader, OtlpField field, int depth)
    {
        if (!field.IsList)
        {
            return ReadOne(ref reader, field, depth);
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return Mistake(ref reader, field, "an array");
        }

        var isPacked = field.Type != OtlpType.Message;
        var start = isPacked ? _output.Begin(field.Number) : 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var fatal = isPacked ? ReadPacked(ref reader, field) : ReadOne(ref reader, field, depth);
            if (fatal is not null)
            {
                return fatal;
            }
        }

        if (isPacked)
        {
            _output.End(start);
        }

        return null;
    }

    private ParseResult? ReadOne(ref Utf8JsonReader reader, OtlpField field, int depth)
    {
        switch (field.Type)
        {
            case OtlpType.Message:
                return ReadInner(ref reader, field, depth);
            case OtlpType.Text when reader.TokenType == JsonTokenType.String:
                _output.Content(field.Number, Text(ref reader));
                return null;
            case OtlpType.HexBytes when reader.TokenType == JsonTokenType.String:
                return ReadHex(ref reader, field);
            case OtlpType.Base64 when reader.TokenType == JsonTokenType.String:
                return ReadBase64(ref reader, field);
            case OtlpType.Bool when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                _output.Varint(field.Number, reader.TokenType == JsonTokenType.True ? 1u : 0u);
                return null;
            case OtlpType.Int when TryReadInt(ref reader, out var value):
                _output.Varint(field.Number, (ulong)value);
                return null;
            case OtlpType.SInt32 when TryReadInt(ref reader, out var value) && value is >= int.MinValue and <= int.MaxValue:
                _output.Varint(field.Number, (ulong)(uint)(((int)value << 1) ^ ((int)value >> 31)));
                return null;
            case OtlpType.Fixed32 when TryReadInt(ref reader, out var value) && value is >= 0 and <= uint.MaxValue:
                _output.Fixed32(field.Number, (uint)value);
                return null;
            case OtlpType.Fixed64 when TryReadUnsigned(ref reader, out var value):
                _output.Fixed64(field.Number, value);
                return null;
            case OtlpType.SFixed64 when TryReadInt(ref reader, out var value):
                _output.Fixed64(field.Number, (ulong)value);
                return null;
            case OtlpType.Double when TryReadDouble(ref reader, out var value):
                _output.Fixed64(field.Number, BitConverter.DoubleToUInt64Bits(value));
                return null;
            default:
                return Mistake(ref reader, field, Expected(field.Type));
        }
    }

    private ParseResult? ReadInner(ref Utf8JsonReader reader, OtlpField field, int depth)
    {
        var message = field.Message!;
        var isItem = message.IsItem;
        var outer = _mistake;
        var before = _output.Length;
        _mistake = isItem ? null : _mistake;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Mistake(ref reader, field, "an object");
        }
        else
        {
            var start = _output.Begin(field.Number);
            if (ReadMessage(ref reader, message, depth + (message.IsRecursive ? 1 : 0)) is { } fatal)
            {
                return fatal;
            }

            _output.End(start);
        }

        if (!isItem)
        {
            return null;
        }

        if (_mistake is { } mistake)
        {
            _output.CutTo(before);
            _result.Rejected.Add(new Rejection(_result.Total++, mistake.Code!, mistake.Detail!));
        }

        _mistake = outer;
        return null;
    }

    private ParseResult? ReadPacked(ref Utf8JsonReader reader, OtlpField field)
    {
        if (field.Type == OtlpType.Double && TryReadDouble(ref reader, out var real))
        {
            _output.Fixed64(BitConverter.DoubleToUInt64Bits(real));
            return null;
        }

        if (field.Type != OtlpType.Double && TryReadUnsigned(ref reader, out var number))
        {
            if (field.Type == OtlpType.Fixed64)
            {
                _output.Fixed64(number);
            }
            else
            {
                _output.Varint(number);
            }

            return null;
        }

        return Mistake(ref reader, field, Expected(field.Type));
    }

    private ParseResult? ReadHex(ref Utf8JsonReader reader, OtlpField field)
    {
        var digits = Text(ref reader);
        if (digits.IsEmpty)
        {
            return null;
        }

        var start = _output.Length;
        var bytes = _output.Reserve(field.Number, digits.Length / 2);
        if (digits.Length % 2 == 0 && Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done)
        {
            return null;
        }

        _output.CutTo(start);
        return Mistake(ref reader, field, Expected(field.Type));
    }

    private ParseResult? ReadBase64(ref Utf8JsonReader reader, OtlpField field)
    {
        var text = Text(ref reader);
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out var length) != OperationStatus.Done)
        {
            return Mistake(ref reader, field, Expected(field.Type));
        }

        _output.Content(field.Number, bytes.AsSpan(0, length));
        return null;
    }

    // 64-bit integers are strings in protobuf's JSON; many senders write numbers.
    private bool TryReadInt(ref Utf8JsonReader reader, out long value)
    {
        var text = NumberText(ref reader);
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
    }

    private bool TryReadUnsigned(ref Utf8JsonReader reader, out ulong value)
    {
        var text = NumberText(ref reader);
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
    }

    private bool TryReadDouble(ref Utf8JsonReader reader, out double value)
    {
        var text = NumberText(ref reader);
        return Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;
    }

    private ReadOnlySpan<byte> NumberText(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String ? Text(ref reader) : default;

    /// <summary>The text of a string or number. Half of a surrogate pair becomes U+FFFD: cut strings of JavaScript hold them.</summary>
    private ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        if (_plain.Length < reader.ValueSpan.Length)
        {
            _plain = new byte[Math.Max(reader.ValueSpan.Length, 2 * _plain.Length)];
        }

        return _plain.AsSpan(0, JsonText.UnescapeAny(reader.ValueSpan, _plain));
    }

    /// <summary>Notes the first mistake of the item, or of what surrounds items, and passes over the value.</summary>
    private ParseResult? Mistake(ref Utf8JsonReader reader, OtlpField field, string expected)
    {
        _mistake ??= ParseResult.Broken(RejectionCodes.WrongType, $"'{field.Name}' must be {expected}", (int)reader.TokenStartIndex);
        reader.Skip();
        return null;
    }

    private static ParseResult TooDeep(in Utf8JsonReader reader) => ParseResult.Broken(
        RejectionCodes.TooDeep, $"nested deeper than {EventLimits.MaxDepth}", (int)reader.TokenStartIndex);

    private static string Expected(OtlpType type) => type switch
    {
        OtlpType.Text => "a string",
        OtlpType.HexBytes => "hex digits, two a byte",
        OtlpType.Base64 => "base64",
        OtlpType.Bool => "true or false",
        OtlpType.Int or OtlpType.SFixed64 => "a 64-bit integer",
        OtlpType.SInt32 => "a 32-bit integer",
        OtlpType.Fixed32 or OtlpType.Fixed64 => "an integer of 0 or more",
        OtlpType.Double => "a number",
        _ => throw new System.Diagnostics.UnreachableException($"Type {(byte)type} has no text."),
    };
}
