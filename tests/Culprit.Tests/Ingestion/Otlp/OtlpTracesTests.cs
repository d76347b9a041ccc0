using System.Text;
using Culprit.Engine.Detection;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

public sealed class OtlpTracesTests
{
    private const string Ids = "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\"";
    private const string Times = "\"startTimeUnixNano\":\"1795409990000000000\",\"endTimeUnixNano\":\"1795409990012500000\"";

    [Fact]
    public void ASpanIsLaidOutAsTheEngineReadsIt()
    {
        var read = OtlpRecords.Read(OtlpSignal.Traces, Request($$$$"""
            {{{{{Ids}}}},"parentSpanId":"00f067aa0ba902b7","name":"GET /orders","kind":3,{{{{Times}}}},"status":{"code":2,"message":"refused"},
            "attributes":[{"key":"peer.service","value":{"stringValue":"db"}},{"key":"kind","value":{"stringValue":"other"}}],
            "links":[{"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"b7ad6b7169203332"}],
            "events":[{"timeUnixNano":"1795409990001000000","name":"retry","attributes":[{"key":"n","value":{"intValue":1}}]}]}
            """));
        var span = read[0];
        var fields = TelemetryFields.ReadSpan(span);

        Assert.Equal(
            """1795409990000000000 Span Info api default otlp [GET /orders] {"parent_id":"00f067aa0ba902b7","duration_ms":12.5,"kind":"client","status":"error","status_message":"refused","peer.service":"db","attribute.kind":"other","links":[{"trace_id":"0af7651916cd43dd8448eb211c80319d","span_id":"b7ad6b7169203332"}],"events":[{"name":"retry","time_unix_nano":1795409990001000000,"attributes":{"n":1}}]} 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331 None""",
            Assert.Single(read.Lines));
        Assert.Equal("00f067aa0ba902b7", Encoding.UTF8.GetString(fields.ParentId));
        Assert.Equal(12_500_000, fields.DurationNanos);
        Assert.True(fields.IsError);
    }

    [Fact]
    public void AnExceptionOfASpanIsAnErrorRecordOfItsTrace()
    {
        var read = OtlpRecords.Read(OtlpSignal.Traces, Request($$$$"""
            {{{{{Ids}}}},"name":"work",{{{{Times}}}},"events":[{"timeUnixNano":"1795409990002000000","name":"exception","attributes":[
            {"key":"exception.type","value":{"stringValue":"IOError"}},{"key":"exception.message","value":{"stringValue":"disk full"}},
            {"key":"exception.stacktrace","value":{"stringValue":"IOError: disk full\n  at write()"}},{"key":"exception.escaped","value":{"stringValue":"False"}}]}]}
            """));

        Assert.Equal(
            [
                """1795409990000000000 Span Info api default otlp [work] {"duration_ms":12.5} 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331 None""",
                "1795409990002000000 Log Error api default otlp [IOError: disk full\n  at write()] " + """{"exception.escaped":"False","error_type":"IOError","exception.message":"disk full"} 0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331 None""",
            ],
            read.Lines);
        Assert.Equal(1, read.Parse.Total);
    }

    [Theory]
    [InlineData("\"traceId\":\"0af7651916cd43dd8448eb211c80319c\"")]
    [InlineData("\"traceId\":\"0af7\",\"spanId\":\"b7ad6b7169203331\"")]
    [InlineData("\"traceId\":\"00000000000000000000000000000000\",\"spanId\":\"b7ad6b7169203331\"")]
    public void ASpanWithoutIdsIsRefused(string ids)
    {
        var read = OtlpRecords.Read(OtlpSignal.Traces, Request($"{{{ids},\"name\":\"a\",{Times}}},{{{Ids},\"name\":\"b\",{Times}}}"));

        Assert.Equal("missing_field", Assert.Single(read.Parse.Rejected).Code);
        Assert.Equal("b", read.Body(0));
        Assert.Equal(EventKind.Span, read[0].Kind);
    }

    [Fact]
    public void ASpanThatEndsBeforeItsStartLastsNothing()
    {
        var read = OtlpRecords.Read(OtlpSignal.Traces, Request($"{{{Ids},\"name\":\"\",\"startTimeUnixNano\":\"1795409990000000000\",\"endTimeUnixNano\":\"1\"}}"));

        Assert.Equal("unnamed", read.Body(0));
        Assert.Equal("""{"duration_ms":0}""", read.Attributes(0));
    }

    private static string Request(string spans) => $$$"""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}]},"scopeSpans":[{"spans":[{{{spans}}}]}]}]}
        """;
}
