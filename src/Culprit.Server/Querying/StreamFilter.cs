using System.Text;
using Culprit.Engine.Publishing;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Access;

namespace Culprit.Server.Querying;

/// <summary>An <see cref="EventFilter"/>, within what its caller may see, prepared for records in their encoded form: no string per record that does not match.</summary>
internal sealed class StreamFilter
{
    private readonly EventFilter _filter;
    private readonly IReadOnlyList<string>? _seen = Caller.Environments;
    private readonly byte[][]? _seenBytes = Caller.Environments?.Select(e => Encoding.UTF8.GetBytes(e)).ToArray();
    private readonly byte[]? _service;
    private readonly byte[]? _environment;
    private readonly byte[]? _traceId;
    private readonly byte[]? _correlationId;
    private readonly byte[]? _text;
    private readonly byte[][]? _types;

    public StreamFilter(EventFilter filter)
    {
        _filter = filter;
        _service = Encode(filter.Service);
        _environment = Encode(filter.Environment);
        _traceId = Encode(filter.TraceId);
        _correlationId = Encode(filter.CorrelationId);
        _text = Encode(filter.Text);
        _types = filter.Types?.Select(t => Encoding.UTF8.GetBytes(t)).ToArray();
        WantsErrors = filter.Types?.Contains(EventTypes.Error) == true;
        WantsRecords = filter.Types?.Any(t => t != EventTypes.Error) != false;
    }

    /// <summary>False when only <c>log.error</c> views are asked for.</summary>
    public bool WantsRecords { get; }

    /// <summary>True when <c>log.error</c> views are asked for by name.</summary>
    public bool WantsErrors { get; }

    /// <summary>Everything but the type.</summary>
    public bool Matches(in LogRecord record)
    {
        if (_filter.Levels is { } levels && !(record.Kind == EventKind.Log && levels.Contains(record.Severity)))
        {
            return false;
        }

        return IsSeen(record.Environment) && Equals(_service, record.Service) && Equals(_environment, record.Environment)
            && Equals(_traceId, record.TraceId) && Equals(_correlationId, record.CorrelationId)
            && (_text is null || Contains(record.Body, _text));
    }

    public bool MatchesType(in LogRecord record)
    {
        if (_types is null)
        {
            return true;
        }

        ReadOnlySpan<byte> type = record.Kind switch
        {
            EventKind.Log => "log.entry"u8,
            EventKind.Metric => "metric.value"u8,
            EventKind.Span => "span"u8,
            EventKind.Change => "change"u8,
            EventKind.Custom => record.Type,
            _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {(byte)record.Kind}."),
        };
        foreach (var wanted in _types)
        {
            if (type.SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }

    public bool Matches(DerivedEvent derived) =>
        !_filter.MatchesOnlyRecords
        && (_filter.Types is null || _filter.Types.Contains(derived.Type))
        && (_filter.Service is null || _filter.Service == derived.Service)
        && _seen?.Contains(derived.Environment, StringComparer.Ordinal) != false
        && (_filter.Environment is null || _filter.Environment == derived.Environment)
        && (_filter.CorrelationId is null || _filter.CorrelationId == derived.CorrelationId)
        && (_text is null || Contains(derived.Json.Span, _text));

    private bool IsSeen(ReadOnlySpan<byte> environment)
    {
        if (_seenBytes is null)
        {
            return true;
        }

        foreach (var seen in _seenBytes)
        {
            if (environment.SequenceEqual(seen))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Finds a part of UTF-8 text; ASCII letters match in either case.</summary>
    private static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> part)
    {
        var first = part[0];
        var other = char.IsAsciiLetter((char)first) ? (byte)(first ^ 0x20) : first;
        while (text.Length >= part.Length)
        {
            var at = text[..(text.Length - part.Length + 1)].IndexOfAny(first, other);
            if (at < 0)
            {
                return false;
            }

            if (EqualsIgnoringCase(text.Slice(at, part.Length), part))
            {
                return true;
            }

            text = text[(at + 1)..];
        }

        return false;
    }

    private static bool EqualsIgnoringCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (left[i] != right[i] && !(char.IsAsciiLetter((char)left[i]) && (left[i] ^ 0x20) == right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Equals(byte[]? wanted, ReadOnlySpan<byte> value) => wanted is null || value.SequenceEqual(wanted);

    private static byte[]? Encode(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
