using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

public sealed class TelemetryLineParserTests
{
    [Theory]
    [InlineData(
        "Metrics", """{"timestamp": "2024-01-15T10:00:00Z", "service": "cart", "metric": "Latency(s)", "value": 0.25, "unit": "s"}""",
        """Metric cart Latency(s) {"value":0.25,"unit": "s"}""")]
    [InlineData(
        "Traces",
        """{"timestamp":"2024-01-15T10:00:00Z","trace_id":"t1","span_id":"s1","parent_id":"","service":"cart","operation":"GET /","duration_ms":12.5,"error":"boom"}""",
        """Span cart GET / {"parent_id":"","duration_ms":12.5,"error":"boom"} t1 s1""")]
    [InlineData(
        "Changes", """{"kind":"commit","timestamp":"2024-01-15T10:00:00Z","sha":"abc","message":"fix it","files_changed":["a"]}""",
        """Change unknown fix it {"kind":"commit","timestamp":"2024-01-15T10:00:00Z","sha":"abc","message":"fix it","files_changed":["a"]}""")]
    [InlineData(
        "Changes", """{"kind":"deploy","timestamp":"2024-01-15T10:00:00Z","service":"cart","version":"v2"}""",
        """Change cart deploy cart v2 {"kind":"deploy","timestamp":"2024-01-15T10:00:00Z","service":"cart","version":"v2"}""")]
    public void ALineBecomesARecordOfItsKind(string kind, string line, string expected)
    {
        var parser = new TelemetryLineParser(new LineStreamOptions());
        var writer = new RecordBatchWriter();

        var problem = parser.Parse(Encoding.UTF8.GetBytes(line), Enum.Parse<TelemetryKind>(kind), writer);

        Assert.Null(problem);
        var record = writer.ToBatch(0)[0];
        string[] parts =
        [
            record.Kind.ToString(), Text(record.Service), Text(record.Body), Text(record.Attributes), Text(record.TraceId), Text(record.SpanId),
        ];
        Assert.Equal(expected, string.Join(' ', parts).TrimEnd());
        Assert.Equal(1_705_312_800L * 1_000_000_000, record.TimestampNanos);
    }

    [Theory]
    [InlineData("Metrics", """{"timestamp":"2024-01-15T10:00:00Z","metric":"m","value":"high"}""", "'value' is no number")]
    [InlineData("Metrics", """{"timestamp":"2024-01-15T10:00:00Z","value":1}""", "'metric' is missing")]
    [InlineData("Metrics", """{"metric":"m","value":1}""", "'timestamp' is missing or no time")]
    [InlineData("Traces", """{"timestamp":"2024-01-15T10:00:00Z","trace_id":"t","operation":"o","duration_ms":-1}""", "'duration_ms' is no number of at least 0")]
    [InlineData("Changes", """{"timestamp":"2024-01-15T10:00:00Z"}""", "'kind' is missing")]
    [InlineData("Changes", "[1]", "not a JSON object")]
    public void ALineThatLacksWhatItNeedsIsRefusedWithTheReason(string kind, string line, string expected)
    {
        var parser = new TelemetryLineParser(new LineStreamOptions());
        var writer = new RecordBatchWriter();

        var problem = parser.Parse(Encoding.UTF8.GetBytes(line), Enum.Parse<TelemetryKind>(kind), writer);

        Assert.Equal(expected, problem);
        Assert.Equal(0, writer.Count);
    }

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
