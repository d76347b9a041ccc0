using System.Text.Json;
using System.Text.Unicode;

namespace Culprit.Engine.Ingestion;

/// <summary>One member at the top level of an event: where its name and value lie in the input.</summary>
/// <param name="ValueStart">First byte of the value; of a string, the byte after the quote.</param>
internal readonly record struct EventMember(
    EventKey Key, ulong NameHash, int NameStart, int NameLength, int ValueStart, int ValueLength, JsonTokenType Type, bool IsEscaped)
{
    /// <summary>End of the value in the input, closing quote included.</summary>
    public int RawEnd => ValueStart + ValueLength + (Type == JsonTokenType.String ? 1 : 0);

    /// <summary>Start of the value in the input, opening quote included.</summary>
    public int RawStart => Type == JsonTokenType.String ? ValueStart - 1 : ValueStart;
}

/// <summary>The one pass over an event's tokens: finds its members and checks syntax, keys, depth and size.</summary>
/// <remarks>Reused from event to event; not thread-safe. Nothing is copied: members point into the input.</remarks>
internal sealed class EventScan
{
    private const int RootOwner = 0;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = EventLimits.MaxDepth + 2 };

    private static readonly EventMember[] Absent = [default];

    private readonly int[] _slots = new int[EventKeys.Count];
    private readonly int[] _owners = new int[EventLimits.MaxDepth + 2];
    private readonly KeySet _names = new();
    private EventMember[] _members = new EventMember[32];
    private byte[] _plain = new byte[256];
    private int _lastOwner;
    private int _contextOwner;
    private int _fields;
    private int _count;

    public ReadOnlySpan<EventMember> Members => _members.AsSpan(0, _count);

    /// <summary>True when the event has too many members or a string that is too long.</summary>
    public bool IsOverLimits { get; private set; }

    /// <summary>The member, or one of type <see cref="JsonTokenType.None"/> when it is absent or null.</summary>
    public ref readonly EventMember this[EventKey key]
    {
        get
        {
            var slot = _slots[(int)key];
            return ref slot == 0 || _members[slot - 1].Type == JsonTokenType.Null ? ref Absent[0] : ref _members[slot - 1];
        }
    }

    /// <summary>True when the <c>context</c> object has a member of that name.</summary>
    public bool ContextHas(ulong nameHash) => _contextOwner != 0 && _names.Contains(_contextOwner, nameHash);

    /// <summary>True when the event itself has a member of that name.</summary>
    public bool RootHas(ulong nameHash) => _names.Contains(RootOwner, nameHash);

    /// <summary>Reads one object from the start of the input and leaves what follows alone.</summary>
    public ParseResult Read(ReadOnlySpan<byte> input)
    {
        Array.Clear(_slots);
        _names.Clear();
        _count = 0;
        _fields = 0;
        _lastOwner = RootOwner;
        _contextOwner = 0;
        IsOverLimits = false;
        var reader = new Utf8JsonReader(input, Options);
        try
        {
            var result = ReadObject(ref reader);
            if (!result.IsOk)
            {
                return result;
            }
        }
        catch (JsonException e)
        {
            return ParseResult.Broken(RejectionCodes.BadJson, JsonText.Explain(e), (int)reader.BytesConsumed);
        }

        var consumed = (int)reader.BytesConsumed;
        if (!Utf8.IsValid(input[..consumed]))
        {
            return ParseResult.Broken(RejectionCodes.BadUtf8, "the text is not valid UTF-8", consumed);
        }

        IsOverLimits |= _fields > EventLimits.MaxFields;
        return consumed > EventLimits.MaxEventBytes
            ? ParseResult.Rejected(
                RejectionCodes.EventTooLarge, $"an event may have {EventLimits.MaxEventBytes} bytes, this one has {consumed}", consumed)
            : ParseResult.Ok(consumed);
    }

    private ParseResult ReadObject(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return ParseResult.Broken(RejectionCodes.NotAnObject, "an event is a JSON object", (int)reader.TokenStartIndex);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var nameStart = (int)reader.TokenStartIndex + 1;
            var name = reader.ValueSpan;
            var nameLength = name.Length;
            if (reader.ValueIsEscaped && !TryUnescape(name, out name))
            {
                return LoneSurrogate(reader);
            }

            var hash = KeySet.Hash(name);
            if (!_names.Add(RootOwner, hash))
            {
                return Repeated(reader, name);
            }

            _fields++;
            var key = EventKeys.Classify(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var type = reader.TokenType;
            var isEscaped = false;
            int length;
            switch (type)
            {
                case JsonTokenType.String:
                    start++;
                    length = reader.ValueSpan.Length;
                    isEscaped = reader.ValueIsEscaped;
                    IsOverLimits |= length > EventLimits.MaxValueBytes;
                    if (isEscaped && !IsPaired(reader.ValueSpan))
                    {
                        return LoneSurrogate(reader);
                    }

                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    var walked = Walk(ref reader, key == EventKey.Context && type == JsonTokenType.StartObject);
                    if (!walked.IsOk)
                    {
                        return walked;
                    }

                    length = (int)reader.BytesConsumed - start;
                    break;
                default:
                    length = reader.ValueSpan.Length;
                    IsOverLimits |= length > EventLimits.MaxValueBytes;
                    break;
            }

            Add(new EventMember(key, hash, nameStart, nameLength, start, length, type, isEscaped));
        }

        return ParseResult.Ok((int)reader.BytesConsumed);
    }

    private void Add(in EventMember member)
    {
        if (_count == _members.Length)
        {
            Array.Resize(ref _members, _count * 2);
        }

        _members[_count++] = member;
        if (_slots[(int)member.Key] == 0)
        {
            _slots[(int)member.Key] = _count;
        }
    }

    /// <summary>Passes over a nested value and checks it; the reader ends on its last token.</summary>
    private ParseResult Walk(ref Utf8JsonReader reader, bool isContext)
    {
        var depth = 1;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (++depth > EventLimits.MaxDepth)
                    {
                        return ParseResult.Broken(
                            RejectionCodes.TooDeep, $"nested deeper than {EventLimits.MaxDepth}", (int)reader.TokenStartIndex);
                    }

                    _owners[depth] = ++_lastOwner;
                    if (isContext)
                    {
                        _contextOwner = _lastOwner;
                        isContext = false;
                    }

                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    depth--;
                    break;
                case JsonTokenType.PropertyName:
                    _fields++;
                    var name = reader.ValueSpan;
                    if (reader.ValueIsEscaped && !TryUnescape(name, out name))
                    {
                        return LoneSurrogate(reader);
                    }

                    if (!_names.Add(_owners[depth], KeySet.Hash(name)))
                    {
                        return Repeated(reader, name);
                    }

                    break;
                case JsonTokenType.String when reader.ValueIsEscaped && !IsPaired(reader.ValueSpan):
                    return LoneSurrogate(reader);
                default:
                    IsOverLimits |= reader.ValueSpan.Length > EventLimits.MaxValueBytes;
                    break;
            }
        }
        while (depth > 1 && reader.Read());
        return ParseResult.Ok(0);
    }

    private bool IsPaired(ReadOnlySpan<byte> escaped) => escaped.IndexOf("\\u"u8) < 0 || TryUnescape(escaped, out _);

    private bool TryUnescape(ReadOnlySpan<byte> escaped, out ReadOnlySpan<byte> plain)
    {
        if (_plain.Length < escaped.Length)
        {
            _plain = new byte[Math.Max(escaped.Length, 2 * _plain.Length)];
        }

        var length = JsonText.Unescape(escaped, _plain);
        plain = length < 0 ? default : _plain.AsSpan(0, length);
        return length >= 0;
    }

    private static ParseResult LoneSurrogate(in Utf8JsonReader reader) => ParseResult.Broken(
        RejectionCodes.BadUtf8, "an escape is half of a surrogate pair", (int)reader.TokenStartIndex);

    private static ParseResult Repeated(in Utf8JsonReader reader, ReadOnlySpan<byte> name) => ParseResult.Broken(
        RejectionCodes.DuplicateKey, $"the key {JsonText.Echo(name)} appears twice in one object", (int)reader.TokenStartIndex);
}
