using System.Buffers.Text;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>One line of <c>metrics</c>, <c>traces</c> or <c>changes</c> <c>.jsonl</c> -> one record, laid out as the HTTP route lays it out.</summary>
/// <remarks>Not thread-safe. A line that lacks what its kind needs is refused with the reason; the caller counts it.</remarks>
internal sealed class TelemetryLineParser(LineStreamOptions options)
{
    private const int MaxMembers = 128;

    private static readonly byte[][] MetricFields =
        [.. new[] { "timestamp", "service", "environment", "metric", "metric_name", "value" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] SpanFields =
        [.. new[] { "timestamp", "service", "environment", "operation", "trace_id", "span_id" }.Select(Encoding.UTF8.GetBytes)];

    private readonly byte[] _service = Encoding.UTF8.GetBytes(options.Service);
    private readonly byte[] _environment = Encoding.UTF8.GetBytes(options.Environment);
    private readonly byte[] _source = Encoding.UTF8.GetBytes(options.Source);
    private readonly TextScratch _scratch = new();
    private readonly AttributeBuffer _attributes = new();
    private readonly JsonMember[] _members = new JsonMember[MaxMembers];
    private readonly TimeReference _time = new(options.WrittenNanos);
    private int _count;

    /// <summary>The newest moment read.</summary>
    public long Nanos => _time.Nanos;

    /// <returns>Null when the record was written, else what is wrong with the line.</returns>
    public string? Parse(ReadOnlySpan<byte> line, TelemetryKind kind, RecordBatchWriter writer)
    {
        _scratch.Clear();
        _attributes.Clear();
        line = ByteText.Trim(LineCleaner.Clean(line, _scratch, out _));
        if (!TryReadMembers(line))
        {
            return "not a JSON object";
        }

        if (!StampReader.TryReadAll(Text(line, "timestamp"u8), out var stamp))
        {
            return "'timestamp' is missing or no time";
        }

        writer.Begin();
        var problem = kind switch
        {
            TelemetryKind.Metrics => ReadMetric(line, writer),
            TelemetryKind.Traces => ReadSpan(line, writer),
            TelemetryKind.Changes => ReadChange(line, writer),
            _ => throw new System.Diagnostics.UnreachableException($"Kind {(byte)kind} is read by the log formats."),
        };
        if (problem is not null)
        {
            return problem;
        }

        var service = Text(line, "service"u8);
        var environment = Text(line, "environment"u8);
        writer.Set(LogRecord.ServiceField, ByteText.IsName(service) ? service : _service);
        writer.Set(LogRecord.EnvironmentField, ByteText.IsName(environment) ? environment : _environment);
        writer.Set(LogRecord.SourceField, _source);
        var eventKind = kind switch
        {
            TelemetryKind.Metrics => EventKind.Metric,
            TelemetryKind.Traces => EventKind.Span,
            _ => EventKind.Change,
        };
        var nanos = _time.Complete(stamp, out var isSuspect);
        writer.Commit(nanos, eventKind, Severity.Info, isSuspect ? RecordFlags.TimeSuspect : RecordFlags.None);
        return null;
    }

    // {"timestamp","service","metric","value","unit"?}
    private string? ReadMetric(ReadOnlySpan<byte> line, RecordBatchWriter writer)
    {
        var name = Text(line, "metric"u8);
        name = name.IsEmpty ? Text(line, "metric_name"u8) : name;
        var value = Raw(line, "value"u8);
        if (name.IsEmpty)
        {
            return "'metric' is missing";
        }

        if (!IsNumber(value, out _))
        {
            return "'value' is no number";
        }

        writer.Set(LogRecord.BodyField, name);
        _attributes.AddRaw("value"u8, value);
        AddOthers(line, MetricFields);
        writer.Set(LogRecord.AttributesField, _attributes.Object);
        return null;
    }

    // {"timestamp","trace_id","span_id","parent_id","service","operation","duration_ms","status"?,"error"?}
    private string? ReadSpan(ReadOnlySpan<byte> line, RecordBatchWriter writer)
    {
        var duration = Raw(line, "duration_ms"u8);
        var operation = Text(line, "operation"u8);
        var trace = Text(line, "trace_id"u8);
        if (operation.IsEmpty || trace.IsEmpty)
        {
            return operation.IsEmpty ? "'operation' is missing" : "'trace_id' is missing";
        }

        if (!IsNumber(duration, out var milliseconds) || milliseconds < 0)
        {
            return "'duration_ms' is no number of at least 0";
        }

        writer.Set(LogRecord.BodyField, operation);
        writer.Set(LogRecord.TraceIdField, trace);
        writer.Set(LogRecord.SpanIdField, Text(line, "span_id"u8));
        AddOthers(line, SpanFields);
        writer.Set(LogRecord.AttributesField, _attributes.Object);
        return null;
    }

    // {"kind","timestamp",…}: the whole object is kept, whatever its kind adds
    private string? ReadChange(ReadOnlySpan<byte> line, RecordBatchWriter writer)
    {
        var kind = Text(line, "kind"u8);
        if (kind.IsEmpty)
        {
            return "'kind' is missing";
        }

        var body = Text(line, "message"u8);
        if (body.IsEmpty)
        {
            body = Summarise(line, kind);
        }

        writer.Set(LogRecord.BodyField, body);
        writer.Set(LogRecord.AttributesField, line);
        return null;
    }

    /// <summary><c>deploy payments v2 …</c>: the kind and every short text of the object, in its order.</summary>
    private ReadOnlySpan<byte> Summarise(ReadOnlySpan<byte> line, ReadOnlySpan<byte> kind)
    {
        const int MaxParts = 4;
        const int MaxPartBytes = 80;
        var parts = 0;
        var mark = _scratch.Mark;
        _scratch.Append(kind);
        foreach (ref readonly var member in _members.AsSpan(0, _count))
        {
            var name = member.NameIn(line);
            var value = member.ValueIn(line);
            if (parts < MaxParts && member.IsScalarIn(line) && !member.IsEscaped && value.Length is > 2 and <= MaxPartBytes
                && !name.SequenceEqual("kind"u8) && !name.SequenceEqual("timestamp"u8) && !name.SequenceEqual("sha"u8)
                && !name.SequenceEqual("id"u8) && !name.SequenceEqual("author"u8))
            {
                parts++;
                _scratch.Append(" "u8);
                _scratch.Append(member.IsStringIn(line) ? value[1..^1] : value);
            }
        }

        return _scratch.From(mark);
    }

    private bool TryReadMembers(ReadOnlySpan<byte> line)
    {
        _count = 0;
        if (line.IsEmpty || line[0] != (byte)'{')
        {
            return false;
        }

        var at = 1;
        var isFirst = true;
        while (JsonScan.NextMember(line, ref at, isFirst, out var member))
        {
            isFirst = false;
            if (_count < MaxMembers)
            {
                _members[_count++] = member;
            }
        }

        return at == line.Length;
    }

    /// <summary>Keeps every member that became no field of the record.</summary>
    private void AddOthers(ReadOnlySpan<byte> line, byte[][] fields)
    {
        foreach (ref readonly var member in _members.AsSpan(0, _count))
        {
            if (!Contains(fields, member.NameIn(line)) && line[member.ValueStart] != (byte)'n')
            {
                _attributes.AddMember(member.WholeIn(line));
            }
        }
    }

    private static bool Contains(byte[][] names, ReadOnlySpan<byte> name)
    {
        foreach (var known in names)
        {
            if (name.SequenceEqual(known))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The scalar of that name as text; empty when there is none.</summary>
    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var member in _members.AsSpan(0, _count))
        {
            if (member.NameIn(line).SequenceEqual(name) && member.IsScalarIn(line))
            {
                var value = member.ValueIn(line);
                value = member.IsStringIn(line) ? value[1..^1] : value;
                return member.IsEscaped ? _scratch.Unescape(value) : value;
            }
        }

        return default;
    }

    private ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var member in _members.AsSpan(0, _count))
        {
            if (member.NameIn(line).SequenceEqual(name))
            {
                return member.ValueIn(line);
            }
        }

        return default;
    }

    private static bool IsNumber(ReadOnlySpan<byte> json, out double value)
    {
        value = 0;
        return !json.IsEmpty && json[0] != (byte)'"' && Utf8Parser.TryParse(json, out value, out var used)
            && used == json.Length && double.IsFinite(value);
    }
}
