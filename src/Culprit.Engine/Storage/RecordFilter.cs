using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>A <see cref="RecordQuery"/> made ready to be asked of encoded records: no string is made for a record that does not match.</summary>
/// <remarks>An empty optional field (trace, correlation) means "none" and equals nothing, not even an empty text.</remarks>
internal sealed class RecordFilter
{
    private readonly RecordQuery _query;
    private readonly TypeSelection? _types;
    private readonly byte[]? _service;
    private readonly byte[]? _environment;
    private readonly byte[]? _traceId;
    private readonly byte[]? _correlationId;
    private readonly TextMatcher? _text;
    private readonly bool[]? _levels;

    public RecordFilter(RecordQuery query)
    {
        _query = query;
        _types = query.Types is null ? null : new TypeSelection(query.Types);
        _service = ToBytes(query.Service);
        _environment = ToBytes(query.Environment);
        _traceId = ToBytes(query.TraceId);
        _correlationId = ToBytes(query.CorrelationId);
        _text = string.IsNullOrEmpty(query.Text) ? null : new TextMatcher(query.Text);
        if (query.Levels is not null)
        {
            _levels = new bool[256];
            foreach (var level in query.Levels)
            {
                _levels[(byte)level] = true;
            }
        }
    }

    /// <summary>Whether any record between these times, both inclusive, can be in the answer.</summary>
    public bool MayMatch(long minNanos, long maxNanos) =>
        maxNanos >= _query.FromNanos
        && (minNanos < _query.ToNanos || _query.ToNanos == long.MaxValue)
        && (_query.After is not { } after
            || (_query.OldestFirst ? maxNanos >= after.TimestampNanos : minNanos <= after.TimestampNanos));

    /// <summary>Whether the position is in the time range and on the right side of the cursor.</summary>
    public bool IsInRange(long nanos, long sequence)
    {
        if (nanos < _query.FromNanos || (nanos >= _query.ToNanos && _query.ToNanos != long.MaxValue))
        {
            return false;
        }

        return _query.After is not { } after
            || RecordOrder.IsBefore(after, (nanos, sequence), _query.OldestFirst);
    }

    /// <summary>Everything but time and cursor, cheapest first.</summary>
    public bool Matches(in LogRecord record, PatternId pattern, long duplicateOf) =>
        (_levels is null || _levels[(byte)record.Severity])
        && (!_query.WithoutDuplicates || duplicateOf < 0)
        && _query.Patterns?.Contains(pattern) != false
        && (_types is null || _types.Includes(record))
        && (_service is null || record.Service.SequenceEqual(_service))
        && (_environment is null || record.Environment.SequenceEqual(_environment))
        && IsOptional(_traceId, record.TraceId)
        && IsOptional(_correlationId, record.CorrelationId)
        && (_text is null || _text.IsIn(record.Body));

    private static bool IsOptional(byte[]? wanted, ReadOnlySpan<byte> field) =>
        wanted is null || (!field.IsEmpty && field.SequenceEqual(wanted));

    private static byte[]? ToBytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
