using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Benchmarks.Exam.World;
using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>Writes what services send as lines of the telemetry folder's formats.</summary>
internal sealed class TelemetryPen(DateTimeOffset start, TelemetryCalendar calendar, Shipping shipping) : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    });

    public void Log(double at, ServiceNode service, string host, string level, string message, string? traceId = null, string? spanId = null)
    {
        Begin(at + shipping.SkewMs(host));
        _json.WriteString("service"u8, service.Name);
        _json.WriteString("level"u8, level);
        _json.WriteString("message"u8, message);
        _json.WriteString("host"u8, host);
        if (traceId is not null)
        {
            _json.WriteString("trace_id"u8, traceId);
            _json.WriteString("span_id"u8, spanId);
        }

        calendar.Add(shipping.ArrivalOf(host, at), TelemetryKind.Logs, 0, End());
    }

    public void Metric(double at, string service, string name, double value, string unit)
    {
        Begin(at);
        _json.WriteString("service"u8, service);
        _json.WriteString("metric"u8, name);
        _json.WriteNumber("value"u8, Math.Round(value, 4));
        _json.WriteString("unit"u8, unit);
        calendar.Add(at + 500, TelemetryKind.Metrics, 0, End());
    }

    public void Span(double at, double end, string service, string host, string operation, Trace trace, string spanId, string parentId, string? error)
    {
        Begin(at + shipping.SkewMs(host));
        _json.WriteString("trace_id"u8, trace.Id);
        _json.WriteString("span_id"u8, spanId);
        _json.WriteString("parent_id"u8, parentId);
        _json.WriteString("service"u8, service);
        _json.WriteString("operation"u8, operation);
        _json.WriteNumber("duration_ms"u8, Math.Round(end - at, 3));
        _json.WriteString("status"u8, error is null ? "OK" : "ERROR");
        if (error is not null)
        {
            _json.WriteString("error"u8, error);
        }

        calendar.Add(end + 800, TelemetryKind.Traces, trace.Sample, End());
    }

    /// <param name="fields">What the kind of change adds: <c>sha</c>, <c>author</c>, <c>message</c>, <c>diff</c> …</param>
    public void Change(double at, string kind, string? service, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        Begin(at);
        _json.WriteString("kind"u8, kind);
        if (service is not null)
        {
            _json.WriteString("service"u8, service);
        }

        foreach (var (name, value) in fields)
        {
            if (name == "files_changed")
            {
                _json.WriteStartArray(name);
                _json.WriteStringValue(value);
                _json.WriteEndArray();
            }
            else
            {
                _json.WriteString(name, value);
            }
        }

        calendar.Add(at + 200, TelemetryKind.Changes, 0, End());
    }

    public void Dispose() => _json.Dispose();

    private void Begin(double at)
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        Span<char> text = stackalloc char[32];
        var time = start.UtcDateTime.AddTicks((long)(at * TimeSpan.TicksPerMillisecond));
        time.TryFormat(text, out var length, "yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        _json.WriteString("timestamp"u8, text[..length]);
    }

    private byte[] End()
    {
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan.ToArray();
    }
}
