using System.Buffers.Text;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The attributes of one record as JSON: each name once, within the limits of an event. Reused; not thread-safe.</summary>
internal sealed class OtlpAttributes
{
    private const uint Key = (1 << 3) | ProtoReader.Bytes;
    private const uint Value = (2 << 3) | ProtoReader.Bytes;

    private const uint StringValue = (1 << 3) | ProtoReader.Bytes;
    private const uint BoolValue = (2 << 3) | ProtoReader.Varint;
    private const uint IntValue = (3 << 3) | ProtoReader.Varint;
    private const uint DoubleValue = (4 << 3) | ProtoReader.Fixed64;
    private const uint ArrayValue = (5 << 3) | ProtoReader.Bytes;
    private const uint KeyValueList = (6 << 3) | ProtoReader.Bytes;
    private const uint BytesValue = (7 << 3) | ProtoReader.Bytes;
    private const uint ListElement = (1 << 3) | ProtoReader.Bytes;

    private readonly KeySet _names = new();
    private readonly TextScratch _scratch = new();
    private AttributeBuffer _json = new();
    private int _fields;
    private int _lastOwner;

    /// <summary>Something was dropped or cut to stay within the limits.</summary>
    public bool IsCut { get; private set; }

    /// <summary>A message inside was not well-formed.</summary>
    public bool IsBroken { get; private set; }

    public bool IsTooDeep { get; private set; }

    /// <summary>Starts a record.</summary>
    /// <param name="json">Takes the attributes; emptied by whoever owns it.</param>
    public void Begin(AttributeBuffer json)
    {
        _json = json;
        _names.Clear();
        _scratch.Clear();
        _fields = 0;
        _lastOwner = 0;
        IsCut = IsBroken = IsTooDeep = false;
    }

    /// <summary>Reads one <c>KeyValue</c>.</summary>
    public static bool TryReadPair(ReadOnlySpan<byte> pair, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = default;
        value = default;
        var reader = new ProtoReader(pair);
        while (reader.Read())
        {
            if (reader.Tag == Key)
            {
                key = reader.Content;
            }
            else if (reader.Tag == Value)
            {
                value = reader.Content;
            }
        }

        return !reader.IsBroken;
    }

    /// <summary>The text of an <c>AnyValue</c> that is a string; empty for any other.</summary>
    public static ReadOnlySpan<byte> StringOf(ReadOnlySpan<byte> value)
    {
        var reader = new ProtoReader(value);
        ReadOnlySpan<byte> text = default;
        while (reader.Read())
        {
            text = reader.Tag == StringValue ? reader.Content : default;
        }

        return text;
    }

    /// <summary>Adds one <c>KeyValue</c> of the sender's.</summary>
    public void Add(ReadOnlySpan<byte> pair)
    {
        if (!TryReadPair(pair, out var key, out var value))
        {
            IsBroken = true;
        }
        else if (TryOpen(key))
        {
            WriteValue(value, 0);
        }
    }

    /// <summary>Adds a member of ours, before any of the sender's: one of the same name then gets the prefix <c>attribute.</c></summary>
    public void AddText(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && TryOpen(name))
        {
            WriteText(text);
        }
    }

    /// <inheritdoc cref="AddText"/>
    public void AddNumber(ReadOnlySpan<byte> name, double value)
    {
        if (TryOpen(name))
        {
            _json.WriteNumber(value);
        }
    }

    /// <summary>Adds what many records share, already as JSON; a name that the record has gets a prefix.</summary>
    /// <param name="prefix">With its dot, nothing to escape.</param>
    public void AddMember(ulong nameHash, ulong prefixedHash, ReadOnlySpan<byte> member, ReadOnlySpan<byte> prefix)
    {
        if (++_fields > EventLimits.MaxFields)
        {
            IsCut = true;
        }
        else if (_names.Add(0, nameHash))
        {
            _json.AddMember(member);
        }
        else if (_names.Add(0, prefixedHash))
        {
            _json.AddPrefixed(prefix, member);
        }
        else
        {
            IsCut = true;
        }
    }

    /// <summary>Begins a member whose value is an array or object that the caller writes; false when there is no room for it.</summary>
    public bool TryOpen(ReadOnlySpan<byte> name)
    {
        name = Clean(name);
        if (++_fields > EventLimits.MaxFields)
        {
            IsCut = true;
            return false;
        }

        if (!_names.Add(0, KeySet.Hash(name)))
        {
            var mark = _scratch.Mark;
            _scratch.Append("attribute."u8);
            _scratch.Append(name);
            name = _scratch.From(mark);
            if (!_names.Add(0, KeySet.Hash(name)))
            {
                IsCut = true;
                return false;
            }
        }

        _json.OpenMember(name);
        return true;
    }

    /// <summary>Writes an <c>AnyValue</c> as JSON: bytes as base64, no value as null.</summary>
    public void WriteValue(ReadOnlySpan<byte> value, int depth)
    {
        // Of several values the last counts, as protobuf has it; senders write one.
        var reader = new ProtoReader(value);
        uint kind = 0;
        var number = 0ul;
        ReadOnlySpan<byte> content = default;
        while (reader.Read())
        {
            (kind, number) = (reader.Tag, reader.Value);
            content = reader.Content;
        }

        IsBroken |= reader.IsBroken;
        IsTooDeep |= depth >= EventLimits.MaxDepth;
        switch (kind)
        {
            case StringValue:
                WriteText(content);
                break;
            case BoolValue:
                _json.WriteRaw(number != 0 ? "true"u8 : "false"u8);
                break;
            case IntValue:
                _json.WriteNumber((long)number);
                break;
            case DoubleValue:
                _json.WriteNumber(BitConverter.UInt64BitsToDouble(number));
                break;
            case ArrayValue when depth < EventLimits.MaxDepth:
                WriteArray(content, depth + 1);
                break;
            case KeyValueList when depth < EventLimits.MaxDepth:
                WriteObject(content, depth + 1);
                break;
            case BytesValue:
                WriteBase64(content);
                break;
            default:
                _json.WriteRaw("null"u8);
                break;
        }
    }

    /// <summary>Writes JSON as it is, after <see cref="TryOpen"/>.</summary>
    public void WriteRaw(ReadOnlySpan<byte> json) => _json.WriteRaw(json);

    /// <summary>Writes text as a JSON string: made valid, cut to its limit.</summary>
    public void WriteText(ReadOnlySpan<byte> text)
    {
        text = Clean(text);
        var kept = ByteText.Cut(text, EventLimits.MaxValueBytes);
        IsCut |= kept.Length < text.Length;
        _json.WriteText(kept);
    }

    private void WriteArray(ReadOnlySpan<byte> list, int depth)
    {
        var reader = new ProtoReader(list);
        var separator = "["u8;
        while (reader.Read())
        {
            if (reader.Tag == ListElement)
            {
                _json.WriteRaw(separator);
                separator = ","u8;
                WriteValue(reader.Content, depth);
            }
        }

        IsBroken |= reader.IsBroken;
        _json.WriteRaw(separator.SequenceEqual("["u8) ? "[]"u8 : "]"u8);
    }

    private void WriteObject(ReadOnlySpan<byte> list, int depth)
    {
        var owner = ++_lastOwner;
        var reader = new ProtoReader(list);
        var separator = "{"u8;
        while (reader.Read())
        {
            if (reader.Tag != ListElement)
            {
                continue;
            }

            if (!TryReadPair(reader.Content, out var key, out var value))
            {
                IsBroken = true;
                return;
            }

            key = Clean(key);
            if (++_fields > EventLimits.MaxFields || !_names.Add(owner, KeySet.Hash(key)))
            {
                IsCut = true;
                continue;
            }

            _json.WriteRaw(separator);
            separator = ","u8;
            _json.WriteText(key);
            _json.WriteRaw(":"u8);
            WriteValue(value, depth);
        }

        IsBroken |= reader.IsBroken;
        _json.WriteRaw(separator.SequenceEqual("{"u8) ? "{}"u8 : "}"u8);
    }

    private void WriteBase64(ReadOnlySpan<byte> bytes)
    {
        const int MaxBytes = EventLimits.MaxValueBytes / 4 * 3;
        IsCut |= bytes.Length > MaxBytes;
        bytes = bytes[..Math.Min(bytes.Length, MaxBytes)];
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, text, out _, out var length);
        _json.WriteText(text.AsSpan(0, length));
    }

    private ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> text) => LineCleaner.Clean(text, _scratch, out _);
}
