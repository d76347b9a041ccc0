using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Tests.Support;

/// <summary>Valid values for tests, unless told otherwise.</summary>
internal static class Some
{
    /// <summary>2026-11-23T12:00:00Z, the moment at which most tests begin.</summary>
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static long At(double seconds) => UnixNanos.From(Noon) + (long)(seconds * UnixNanos.PerSecond);

    public static Entry Log(double second, string service = "api-gateway", string message = "Request processed", Severity severity = Severity.Info) =>
        new(At(second), service, message, severity);

    public static Entry Error(double second, string service = "user-service", string message = "Database connection timeout") =>
        new(At(second), service, message, Severity.Error);

    /// <summary>A batch of the entries, received at the newest of their times.</summary>
    public static RecordBatch Batch(long firstSequence, params ReadOnlySpan<Entry> entries)
    {
        var writer = new RecordBatchWriter();
        long received = 0;
        foreach (var entry in entries)
        {
            writer.Begin();
            writer.Set(LogRecord.ServiceField, Encoding.UTF8.GetBytes(entry.Service));
            writer.Set(LogRecord.EnvironmentField, Encoding.UTF8.GetBytes(entry.Environment));
            writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(entry.Message));
            writer.Set(LogRecord.AttributesField, Encoding.UTF8.GetBytes(entry.Attributes));
            writer.Set(LogRecord.SourceField, Encoding.UTF8.GetBytes(entry.Source));
            writer.Set(LogRecord.TraceIdField, Encoding.UTF8.GetBytes(entry.TraceId));
            writer.Set(LogRecord.SpanIdField, Encoding.UTF8.GetBytes(entry.SpanId));
            writer.Set(LogRecord.IdField, Encoding.UTF8.GetBytes(entry.Id));
            writer.Set(LogRecord.TypeField, Encoding.UTF8.GetBytes(entry.Type));
            writer.Commit(entry.TimestampNanos, entry.Kind, entry.Severity, RecordFlags.None);
            received = Math.Max(received, entry.TimestampNanos);
        }

        return writer.ToBatch(received, firstSequence);
    }
}

/// <summary>One record to be.</summary>
internal sealed record Entry(long TimestampNanos, string Service, string Message, Severity Severity)
{
    public string Environment { get; init; } = "production";

    public EventKind Kind { get; init; } = EventKind.Log;

    /// <summary>Of a custom event.</summary>
    public string Type { get; init; } = string.Empty;

    public string Attributes { get; init; } = string.Empty;

    public string Source { get; init; } = string.Empty;

    public string TraceId { get; init; } = string.Empty;

    public string SpanId { get; init; } = string.Empty;

    public string Id { get; init; } = string.Empty;
}
