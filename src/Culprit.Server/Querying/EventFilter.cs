using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Server.Http;

namespace Culprit.Server.Querying;

/// <summary>What a client asks to see, by query or by subscription. Null means "any".</summary>
internal sealed record EventFilter
{
    public IReadOnlyList<string>? Types { get; init; }

    public string? Service { get; init; }

    public string? Environment { get; init; }

    public IReadOnlyList<Severity>? Levels { get; init; }

    public string? Text { get; init; }

    public string? TraceId { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>Of incidents: the word of their state.</summary>
    public string? State { get; init; }

    public PatternId? Pattern { get; init; }

    public long FromNanos { get; init; } = long.MinValue;

    public long ToNanos { get; init; } = long.MaxValue;

    public bool OldestFirst { get; init; }

    public int Limit { get; init; } = 100;

    public EventCursor? Cursor { get; init; }

    /// <summary>Level, trace and pattern are facts of records; derived events have none and never match them.</summary>
    public bool MatchesOnlyRecords => Levels is not null || TraceId is not null || Pattern is not null;

    /// <summary>The times asked for; where none are, the hour until now.</summary>
    public (long FromNanos, long ToNanos) TimesUntil(DateTimeOffset now)
    {
        var to = ToNanos == long.MaxValue ? UnixNanos.From(now) : ToNanos;
        return (FromNanos == long.MinValue ? to - UnixNanos.From(TimeSpan.FromHours(1)) : FromNanos, to);
    }

    /// <summary>Tells cursors of different questions apart; the page size may change between pages.</summary>
    public uint Fingerprint
    {
        get
        {
            var text = new StringBuilder();
            foreach (var part in new[]
            {
                Types is null ? null : string.Join(',', Types), Service, Environment, Levels is null ? null : string.Join(',', Levels),
                Text, TraceId, CorrelationId, Pattern?.ToString(), FromNanos.ToString(CultureInfo.InvariantCulture),
                ToNanos.ToString(CultureInfo.InvariantCulture), OldestFirst ? "asc" : "desc",
            })
            {
                text.Append(part is null ? "-" : part.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(part);
            }

            return XxHash32.HashToUInt32(MemoryMarshal.AsBytes(text.ToString().AsSpan()));
        }
    }
}

/// <summary>Reads an <see cref="EventFilter"/> from query parameters; what it does not understand it refuses by name.</summary>
internal static class EventFilterParser
{
    public const int MaxLimit = 1000;

    public static readonly IReadOnlyList<string> StreamParameters =
        ["type", "service", "environment", "level", "text", "trace_id", "correlation_id"];

    public static readonly IReadOnlyList<string> QueryParameters = [.. StreamParameters, "pattern", "from", "to", "order", "limit", "cursor"];

    private const int MaxTextLength = 512;
    private const int MaxTypes = 32;

    public static (EventFilter Filter, Problem? Problem) Parse(IQueryCollection query, IReadOnlyList<string> allowed)
    {
        var filter = new EventFilter();
        foreach (var (name, values) in query)
        {
            if (!allowed.Contains(name, StringComparer.Ordinal))
            {
                return (filter, Problem.BadParameter(
                    name.Length <= 64 ? name : name[..64],
                    $"Unknown parameter {JsonText.Echo(name)}; allowed are {string.Join(", ", allowed)}."));
            }

            if (values.Count > 1 && name is not ("type" or "level"))
            {
                return (filter, Problem.BadParameter(name, $"Parameter {name} may be given once."));
            }

            var value = values.ToString();
            if (value.Length > MaxTextLength && name is not "type")
            {
                return (filter, Problem.BadParameter(name, $"{name} {JsonText.Echo(value)} is longer than {MaxTextLength} characters."));
            }

            var problem = Read(name, value, ref filter);
            if (problem is not null)
            {
                return (filter, problem);
            }
        }

        if (filter.Cursor is { } cursor && cursor.Query != filter.Fingerprint)
        {
            return (filter, Problem.BadParameter(
                "cursor", "This cursor belongs to a query with other filters; repeat the filters and the order it came from."));
        }

        return (filter, null);
    }

    private static Problem? Read(string name, string value, ref EventFilter filter)
    {
        if (value.Length == 0)
        {
            return Problem.BadParameter(name, $"Parameter {name} is empty; leave it out instead.");
        }

        switch (name)
        {
            case "type":
                var types = Split(value);
                filter = filter with { Types = types };
                return types.Count is 0 or > MaxTypes || types.Any(t => t.Length > EventLimits.MaxNameLength)
                    ? Problem.BadParameter(name, $"type {JsonText.Echo(value)} is not 1 to {MaxTypes} types of at most 128 characters.")
                    : null;
            case "state":
                filter = filter with { State = value };
                return value is "open" or "acknowledged" or "resolved"
                    ? null
                    : Problem.BadParameter(name, $"state {JsonText.Echo(value)} is not open, acknowledged or resolved.");
            case "service":
                filter = filter with { Service = value };
                return null;
            case "environment":
                filter = filter with { Environment = value };
                return null;
            case "level":
                return ReadLevels(value, ref filter);
            case "text":
                filter = filter with { Text = value };
                return null;
            case "trace_id":
                filter = filter with { TraceId = value };
                return null;
            case "correlation_id":
                filter = filter with { CorrelationId = value };
                return null;
            case "pattern":
                var isPattern = PatternId.TryParse(value, out var pattern);
                filter = filter with { Pattern = pattern };
                return isPattern
                    ? null
                    : Problem.BadParameter(name, $"pattern {JsonText.Echo(value)} is not 16 hexadecimal digits.");
            case "from" or "to":
                return ReadTime(name, value, ref filter);
            case "order":
                filter = filter with { OldestFirst = value == "asc" };
                return value is "asc" or "desc"
                    ? null
                    : Problem.BadParameter(name, $"order {JsonText.Echo(value)} is not one of desc, asc.");
            case "limit":
                var isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit);
                filter = filter with { Limit = limit };
                return isNumber && limit is >= 1 and <= MaxLimit
                    ? null
                    : Problem.BadParameter(name, $"limit {JsonText.Echo(value)} is not a number from 1 to {MaxLimit}.");
            case "cursor":
                var isCursor = EventCursor.TryDecode(value, out var cursor);
                filter = filter with { Cursor = cursor };
                return isCursor
                    ? null
                    : Problem.BadParameter(name, $"cursor {JsonText.Echo(value)} is not a next_cursor of this server.");
            default:
                throw new System.Diagnostics.UnreachableException($"Parameter {name} is allowed but not read.");
        }
    }

    private static Problem? ReadLevels(string value, ref EventFilter filter)
    {
        var levels = new List<Severity>();
        foreach (var word in Split(value))
        {
            if (!Severities.TryParse(Encoding.UTF8.GetBytes(word), out var severity))
            {
                return Problem.BadParameter("level", $"level {JsonText.Echo(word)} is not one of debug, info, warn, error, fatal.");
            }

            levels.Add(severity);
        }

        filter = filter with { Levels = [.. levels.Distinct().Order()] };
        return levels.Count > 0 ? null : Problem.BadParameter("level", "Parameter level is empty; leave it out instead.");
    }

    private static Problem? ReadTime(string name, string value, ref EventFilter filter)
    {
        // A '+' of an offset that the client forgot to escape arrives as a space.
        var text = value.Length > 16 && value[^6] == ' ' ? string.Concat(value.AsSpan(0, value.Length - 6), "+", value.AsSpan(value.Length - 5)) : value;
        if (!TimestampParser.TryParse(Encoding.UTF8.GetBytes(text), out var nanos))
        {
            return Problem.BadParameter(name, $"{name} {JsonText.Echo(value)} is neither ISO 8601 (2026-11-23T05:00:00Z) nor Unix time.");
        }

        filter = name == "from" ? filter with { FromNanos = nanos } : filter with { ToNanos = nanos };
        return null;
    }

    private static List<string> Split(string value) =>
        [.. value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];
}
