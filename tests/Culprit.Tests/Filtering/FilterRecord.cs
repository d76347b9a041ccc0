using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Tests.Filtering;

/// <summary>One record for filters and rules to look at.</summary>
internal sealed record FilterRecord
{
    /// <summary>2026-11-23T12:00:00Z.</summary>
    public const long Noon = 1_795_435_200L * UnixNanos.PerSecond;

    public const ulong JournalId = 0xC0FFEE;

    public double Second { get; init; }

    public EventKind Kind { get; init; } = EventKind.Log;

    public string Type { get; init; } = "";

    public string Source { get; init; } = "";

    public string Service { get; init; } = "api-gateway";

    public string Environment { get; init; } = "production";

    public Severity Level { get; init; } = Severity.Info;

    public string Message { get; init; } = "Request processed";

    public string Attributes { get; init; } = "";

    public string TraceId { get; init; } = "";

    public string Id { get; init; } = "";

    public string CorrelationId { get; init; } = "";

    public long Sequence { get; init; } = 1;

    public long TimeNanos => Noon + (long)(Second * UnixNanos.PerSecond);

    public RecordBatch ToBatch()
    {
        var writer = new RecordBatchWriter();
        writer.Begin();
        Set(LogRecord.TypeField, Type);
        Set(LogRecord.SourceField, Source);
        Set(LogRecord.ServiceField, Service);
        Set(LogRecord.EnvironmentField, Environment);
        Set(LogRecord.BodyField, Message);
        Set(LogRecord.AttributesField, Attributes);
        Set(LogRecord.TraceIdField, TraceId);
        Set(LogRecord.IdField, Id);
        Set(LogRecord.CorrelationIdField, CorrelationId);
        writer.Commit(TimeNanos, Kind, Level, RecordFlags.None);
        return writer.ToBatch(TimeNanos, Sequence);

        void Set(int field, string text) => writer.Set(field, Encoding.UTF8.GetBytes(text));
    }
}
