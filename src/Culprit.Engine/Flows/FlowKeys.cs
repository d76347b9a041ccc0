using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>Finds the ids under which a record belongs to a request or job.</summary>
/// <remarks>
/// The trace id, else the correlation id, else the ids in the message (at most <see cref="MaxIds"/>). Which ids of
/// messages are a flow's shows later: those whose values come with several patterns.
/// </remarks>
internal sealed class FlowKeys
{
    internal const int MaxIds = 3;
    private const int MinIdBytes = 4;
    private const int MaxIdBytes = 80;

    private readonly ParameterScanner _scanner = new();
    private readonly FlowKey[] _found = new FlowKey[MaxIds];

    /// <summary>Valid until the next call.</summary>
    public ReadOnlySpan<FlowKey> Find(in LogRecord record)
    {
        if (Take(record.TraceId, 0))
        {
            _found[0].Name = "trace_id";
            return _found.AsSpan(0, 1);
        }

        if (Take(record.CorrelationId, 0))
        {
            _found[0].Name = "correlation_id";
            return _found.AsSpan(0, 1);
        }

        var count = 0;
        var body = record.Body;
        foreach (var parameter in _scanner.Extract(body))
        {
            if (parameter.Kind == ParameterKind.Id && count < MaxIds)
            {
                count += TakeParameter(parameter, body, count) ? 1 : 0;
            }
        }

        return _found.AsSpan(0, count);
    }

    private bool Take(ReadOnlySpan<byte> value, int at)
    {
        if (value.IsEmpty)
        {
            return false;
        }

        value = value.Length > MaxIdBytes ? value[..MaxIdBytes] : value;
        _found[at] = new FlowKey { Hash = XxHash3.HashToUInt64(value), Value = Encoding.UTF8.GetString(value) };
        return true;
    }

    private bool TakeParameter(in Parameter parameter, ReadOnlySpan<byte> message, int at)
    {
        var value = parameter.Of(message);
        var name = parameter.KeyOf(message);
        var isNumber = !value.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        if (value.Length is < MinIdBytes or > MaxIdBytes || (isNumber && name.IsEmpty))
        {
            return false;
        }

        // The same value under another name is the same session, except a bare number: order 17 is not user 17.
        var hash = XxHash3.HashToUInt64(value, isNumber ? (long)XxHash3.HashToUInt64(name) : 0);
        for (var i = 0; i < at; i++)
        {
            if (_found[i].Hash == hash)
            {
                return false;
            }
        }

        _found[at] = new FlowKey { Hash = hash, Value = Encoding.UTF8.GetString(value), Name = NameOf(value, name) };
        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> value, ReadOnlySpan<byte> name)
    {
        var letters = value.IndexOfAnyInRange((byte)'0', (byte)'9');
        var text = letters > 1 && value[letters - 1] is (byte)'_' or (byte)'-' or (byte)':' ? value[..letters].TrimEnd("-:"u8)
            : !name.IsEmpty ? name
            : "id"u8;
        return Encoding.UTF8.GetString(text);
    }
}

/// <summary>An id of a record.</summary>
internal struct FlowKey
{
    public ulong Hash;
    public string Value;
    public string Name;
}
