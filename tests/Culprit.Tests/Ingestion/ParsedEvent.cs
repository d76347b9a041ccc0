using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;

namespace Culprit.Tests.Ingestion;

/// <summary>Parses one event and shows the record as text, so that cases can be compared.</summary>
internal static class ParsedEvent
{
    /// <summary>2026-11-23T05:00:00Z.</summary>
    public const long Received = 1_795_410_000L * UnixNanos.PerSecond;

    /// <summary>Either <c>!code</c>, or the fields that differ from the defaults.</summary>
    public static string Describe(ReadOnlySpan<byte> json)
    {
        var writer = new RecordBatchWriter();
        var parser = new EventJsonParser();
        var parsed = parser.Parse(json, writer, Received);
        if (!parsed.IsOk)
        {
            return (parsed.IsSyntax ? "!!" : "!") + parsed.Code;
        }

        parser.Commit(writer);
        return Describe(writer.ToBatch(Received)[0]);
    }

    /// <summary>The fields that differ from the defaults.</summary>
    public static string Describe(in LogRecord record)
    {
        var text = new StringBuilder(record.Kind.ToString().ToLowerInvariant());
        Append(text, "type", record.Type, "");
        Append(text, "service", record.Service, "unknown");
        Append(text, "environment", record.Environment, "default");
        if (record.Severity != Severity.Info)
        {
            text.Append(" level=").Append(record.Severity.ToWire());
        }

        Append(text, "body", record.Body, "");
        Append(text, "trace", record.TraceId, "");
        Append(text, "span", record.SpanId, "");
        Append(text, "correlation", record.CorrelationId, "");
        Append(text, "causation", record.CausationId, "");
        Append(text, "id", record.Id, "");
        Append(text, "source", record.Source, "");
        Append(text, "attributes", record.Attributes, "");
        if (!record.Flags.HasFlag(RecordFlags.ReceiveTime))
        {
            text.Append(" at=").Append(TimestampParser.Format(record.TimestampNanos));
        }

        if (record.Flags.HasFlag(RecordFlags.TimeSuspect))
        {
            text.Append(" suspect");
        }

        if (record.Flags.HasFlag(RecordFlags.Truncated))
        {
            text.Append(" truncated");
        }

        if (record.Flags.HasFlag(RecordFlags.ParseError))
        {
            text.Append(" raw");
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, ReadOnlySpan<byte> value, string otherwise)
    {
        var shown = Encoding.UTF8.GetString(value);
        if (shown != otherwise)
        {
            text.Append(' ').Append(name).Append('=').Append(shown.Replace("\n", "␊", StringComparison.Ordinal));
        }
    }
}
