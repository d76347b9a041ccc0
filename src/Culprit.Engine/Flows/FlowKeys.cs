using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Finds the ids under which a record belongs to a request or job.</summary>
/// <remarks>
/// The trace id, else the correlation id, else the ids in the message and in attributes that are called so (at most
/// <see cref="MaxIds"/>). Which of these are a flow's shows later: those whose values come with several patterns.
/// </remarks>
internal sealed class FlowKeys
{
    internal const int MaxIds = 3;
    private const int MinIdBytes = 4;
    private const int MaxIdBytes = 80;
    private const int MaxNames = 4096;

    private readonly ParameterScanner _scanner = new();
    private readonly Dictionary<ulong, string> _names = [];
    private readonly FlowKey[] _found = new FlowKey[MaxIds];
    private FlowNames _wanted = new(isThrifty: false);
    private int _count;

    public FlowPatterns Patterns { get; } = new();

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<FlowKey> Find(in LogRecord record, PatternId pattern, FlowNames names)
    {
        _count = 0;
        _wanted = names;
        if (TakeField(record.TraceId, FlowKeySource.TraceId, "trace_id")
            || TakeField(record.CorrelationId, FlowKeySource.CorrelationId, "correlation_id"))
        {
            return _found.AsSpan(0, _count);
        }

        if (!Patterns.Wants(pattern))
        {
            return [];
        }

        var body = record.Body;
        var parameters = _scanner.Extract(body);
        for (var i = 0; i < parameters.Count; i++)
        {
            var parameter = parameters[i];
            if (parameter.Kind == ParameterKind.Id)
            {
                Take(FlowKeySource.Body, parameter.Of(body), parameter.KeyOf(body), parameter.Start);
            }
        }

        ReadAttributes(record.Attributes);
        if (_count > 0)
        {
            Patterns.Found(pattern);
        }

        return _found.AsSpan(0, _count);
    }

    /// <summary>The id as it stands in the record in which it was found.</summary>
    public static string ValueOf(in LogRecord record, in FlowKey key)
    {
        var source = key.Source switch
        {
            FlowKeySource.TraceId => record.TraceId,
            FlowKeySource.CorrelationId => record.CorrelationId,
            FlowKeySource.Attributes => record.Attributes,
            _ => record.Body,
        };
        return Encoding.UTF8.GetString(source.Slice(key.Start, key.Length));
    }

    private bool TakeField(ReadOnlySpan<byte> value, FlowKeySource source, string name)
    {
        if (value.IsEmpty)
        {
            return false;
        }

        value = value.Length > MaxIdBytes ? value[..MaxIdBytes] : value;
        Add(new FlowKey(XxHash3.HashToUInt64(value), name, source, 0, value.Length));
        return true;
    }

    private void Take(FlowKeySource source, ReadOnlySpan<byte> value, ReadOnlySpan<byte> name, int start)
    {
        var isNumber = !value.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        if (_count == MaxIds || value.Length is < MinIdBytes or > MaxIdBytes || (isNumber && name.IsEmpty))
        {
            return;
        }

        // The same value under another name is the same session, except a bare number: order 17 is not user 17.
        var hash = XxHash3.HashToUInt64(value, isNumber ? (long)XxHash3.HashToUInt64(name) : 0);
        for (var i = 0; i < _count; i++)
        {
            if (_found[i].Hash == hash)
            {
                return;
            }
        }

        Add(new FlowKey(hash, NameOf(value, name), source, start, value.Length));
    }

    private void Add(in FlowKey key)
    {
        if (_wanted.Wants(key.Name, key.Hash))
        {
            _found[_count++] = key;
        }
    }

    private void ReadAttributes(ReadOnlySpan<byte> attributes)
    {
        // Most records have none that is called an id, and finding that out is cheap.
        if (_count == MaxIds || (attributes.IndexOf("id\""u8) < 0 && attributes.IndexOf("Id\""u8) < 0 && attributes.IndexOf("ID\""u8) < 0))
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(attributes);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                var name = reader.ValueSpan;
                var isId = IsIdName(name);
                reader.Read();
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    reader.Skip();
                }
                else if (isId && reader.TokenType == JsonTokenType.Number)
                {
                    Take(FlowKeySource.Attributes, reader.ValueSpan, name, (int)reader.TokenStartIndex);
                }
                else if (isId && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
                {
                    Take(FlowKeySource.Attributes, reader.ValueSpan, name, (int)reader.TokenStartIndex + 1);
                }
            }
        }
        catch (JsonException)
        {
            // Whoever wrote it broke off; the ids before that count.
        }
    }

    // request_id, order.id, jobId. Not "id" (of what?), nor words like "paid".
    private static bool IsIdName(ReadOnlySpan<byte> name) =>
        name.Length > 3 && ((name[^3..] is [(byte)'_' or (byte)'.' or (byte)'-', _, _] && Ascii.EqualsIgnoreCase(name[^2..], "id"u8))
            || name.EndsWith("Id"u8) || name.EndsWith("ID"u8));

    private string NameOf(ReadOnlySpan<byte> value, ReadOnlySpan<byte> name)
    {
        var letters = value.IndexOfAnyInRange((byte)'0', (byte)'9');
        var text = letters > 1 && value[letters - 1] is (byte)'_' or (byte)'-' or (byte)':' ? value[..letters].TrimEnd("-:"u8)
            : !name.IsEmpty ? name
            : "id"u8;
        var hash = XxHash3.HashToUInt64(text);
        if (!_names.TryGetValue(hash, out var known))
        {
            known = Encoding.UTF8.GetString(text);
            if (_names.Count < MaxNames)
            {
                _names.Add(hash, known);
            }
        }

        return known;
    }
}
