using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

public sealed class OtlpLogsTests
{
    private const string Time = "\"timeUnixNano\":\"1795409990000000007\"";

    /// <summary>Fields of a log record, then the level, body and attributes that become of them.</summary>
    public static TheoryData<string, string, string, string> Table()
    {
        var table = new TheoryData<string, string, string, string>();

        void Row(string log, string level, string body, string attributes = "") => table.Add(log, level, body, attributes);

        Row("""{"severityNumber":9,"body":{"stringValue":"hello"}}""", "Info", "hello");
        Row("""{"severityNumber":1,"body":{"stringValue":"t"}}""", "Debug", "t");
        Row("""{"severityNumber":14,"body":{"stringValue":"w"}}""", "Warn", "w");
        Row("""{"severityNumber":17,"severityText":"whatever","body":{"stringValue":"e"}}""", "Error", "e", """{"level_text":"whatever"}""");
        Row("""{"severityNumber":24,"body":{"stringValue":"f"}}""", "Fatal", "f");
        Row("""{"severityText":"Warning","body":{"stringValue":"w"}}""", "Warn", "w");
        Row("""{"severityText":"NOISY","body":{"stringValue":"n"}}""", "Info", "n", """{"level_text":"NOISY"}""");
        Row("""{"body":{"stringValue":"plain"}}""", "Info", "plain");
        Row("""{"severityNumber":9,"body":{"intValue":"42"}}""", "Info", "42");
        Row("""{"severityNumber":9,"body":{"boolValue":false}}""", "Info", "false");
        Row("""{"severityNumber":9,"body":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"a"}]}}}""", "Info", "[1,\"a\"]");
        Row("""{"severityNumber":9,"eventName":"app.start"}""", "Info", "app.start", """{"event.name":"app.start"}""");
        Row(
            """{"body":{"kvlistValue":{"values":[{"key":"message","value":{"stringValue":"hi"}},{"key":"level","value":{"stringValue":"error"}},{"key":"n","value":{"intValue":"3"}}]}}}""",
            "Error", "hi", """{"n":3}""");
        Row("""{"body":{"stringValue":"{\"msg\":\"from JSON\",\"level\":\"warn\",\"user\":7}"}}""", "Warn", "from JSON", """{"user":7}""");
        Row(
            """{"severityNumber":9,"body":{"stringValue":"a"},"attributes":[{"key":"s","value":{"stringValue":"x\"y"}},{"key":"i","value":{"intValue":"-5"}},{"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":true}},{"key":"none","value":{}},{"key":"bytes","value":{"bytesValue":"AQI="}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":1},{"arrayValue":{}}]}}},{"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}]}""",
            "Info", "a", """{"s":"x\"y","i":-5,"d":1.5,"b":true,"none":null,"bytes":"AQI=","list":[1,[]],"map":{"k":"v"}}""");
        Row(
            """{"severityNumber":9,"body":{"stringValue":"a"},"attributes":[{"key":"k","value":{"intValue":1}},{"key":"k","value":{"intValue":2}}]}""",
            "Info", "a", """{"k":1,"attribute.k":2}""");
        Row(
            """{"severityNumber":17,"body":{"stringValue":"boom"},"attributes":[{"key":"exception.type","value":{"stringValue":"E"}},{"key":"exception.message","value":{"stringValue":"m"}},{"key":"exception.stacktrace","value":{"stringValue":"E: m\n  at f()"}}]}""",
            "Error", "boom\nE: m\n  at f()", """{"error_type":"E","exception.message":"m"}""");
        Row(
            """{"severityNumber":17,"body":{"stringValue":"boom"},"attributes":[{"key":"exception.type","value":{"stringValue":"E"}},{"key":"exception.message","value":{"stringValue":"m"}},{"key":"exception.stacktrace","value":{"stringValue":"  at f()"}}]}""",
            "Error", "boom\nE: m\n  at f()", """{"error_type":"E","exception.message":"m"}""");
        Row("""{"severityNumber":9,"unknown":{"deep":[1,{"a":null}]},"body":{"stringValue":"a","later":1}}""", "Info", "a");
        Row("""{"severityNumber":9,"body":{"stringValue":"half \ud800 pair"}}""", "Info", "half \uFFFD pair");
        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void AFieldOfALogRecordHasItsPlace(string log, string level, string body, string attributes)
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, Request(log.Insert(1, Time + ",")));

        Assert.Null(read.Parse.Fatal);
        Assert.Empty(read.Parse.Rejected);
        Assert.Equal($"1795409990000000007 Log {level} unknown default otlp [{body}] {attributes} / None", Assert.Single(read.Lines));
    }

    [Theory]
    [InlineData("", OtlpRecords.Received, "ReceiveTime")]
    [InlineData(",\"timeUnixNano\":\"0\"", OtlpRecords.Received, "ReceiveTime")]
    [InlineData(",\"timeUnixNano\":0,\"observedTimeUnixNano\":1795409990000000007", 1_795_409_990_000_000_007, "None")]
    [InlineData(",\"timeUnixNano\":5", 5, "TimeSuspect")]
    [InlineData(",\"timeUnixNano\":\"18446744073709551615\"", long.MaxValue, "TimeSuspect")]
    public void TheTimeIsTheRecordsOwnThenTheObservedOneThenThatOfReceipt(string time, long nanos, string flags)
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, Request("{\"severityNumber\":9,\"body\":{\"stringValue\":\"a\"}" + time + "}"));

        Assert.Equal((nanos, flags), (read[0].TimestampNanos, read[0].Flags.ToString()));
        Assert.Equal(flags == "ReceiveTime", read.Parse.IsUndated);
    }

    [Theory]
    [InlineData("00112233445566778899AABBCCDDEEFF", "0011223344556677", "00112233445566778899aabbccddeeff/0011223344556677")]
    [InlineData("", "", "/")]
    [InlineData("00000000000000000000000000000000", "0000000000000000", "/")]
    public void IdsAreHexDigitsInLowerCase(string trace, string span, string expected)
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, Request($"{{{Time},\"body\":{{\"stringValue\":\"a\"}},\"traceId\":\"{trace}\",\"spanId\":\"{span}\"}}"));

        Assert.Contains($" {expected} None", Assert.Single(read.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void ResourceAndScopeHoldForTheirRecordsWhereverTheyStand()
    {
        const string Resource = """
            "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"pay"}},{"key":"deployment.environment","value":{"stringValue":"old"}},
            {"key":"deployment.environment.name","value":{"stringValue":"prod"}},{"key":"host.name","value":{"stringValue":"h1"}},
            {"key":"service.version","value":{"stringValue":"2"}},{"key":"telemetry.sdk.name","value":{"stringValue":"sdk"}}]}
            """;
        const string Scopes = $$$$"""
            "scopeLogs":[{"scope":{"name":"lib","version":"1"},"logRecords":[{{{{{Time}}}},"severityNumber":9,"body":{"stringValue":"a"},"attributes":[{"key":"service.version","value":{"intValue":9}}]}]}]
            """;

        var first = OtlpRecords.Read(OtlpSignal.Logs, $"{{\"resourceLogs\":[{{{Resource},{Scopes}}}]}}");
        var last = OtlpRecords.Read(OtlpSignal.Logs, $"{{\"resourceLogs\":[{{{Scopes},{Resource}}}]}}");

        Assert.Equal(
            """1795409990000000007 Log Info pay prod h1 [a] {"service.version":9,"host.name":"h1","resource.service.version":"2","otel.scope.name":"lib","otel.scope.version":"1"} / None""",
            Assert.Single(first.Lines));
        Assert.Equal(first.Lines, last.Lines);
    }

    [Fact]
    public void ANameOfTheResourceThatIsMadeValidIsComparedAsItIsWritten()
    {
        const string Attribute = """{"key":"a\u0000b","value":{"intValue":1}}""";

        var read = OtlpRecords.Read(
            OtlpSignal.Logs,
            Request($"{{{Time},\"severityNumber\":9,\"body\":{{\"stringValue\":\"a\"}},\"attributes\":[{Attribute}]}}", Attribute));

        Assert.Equal("{\"a\uFFFDb\":1,\"resource.a\uFFFDb\":1}", read.Attributes(0));
    }

    [Theory]
    [InlineData("k8s.deployment.name", "shop")]
    [InlineData("k8s.container.name", "shop")]
    public void WithoutAServiceNameTheWorkloadNamesTheService(string key, string service)
    {
        var read = OtlpRecords.Read(
            OtlpSignal.Logs,
            Request($"{{{Time},\"severityNumber\":9,\"body\":{{\"stringValue\":\"a\"}}}}", $"{{\"key\":\"{key}\",\"value\":{{\"stringValue\":\"{service}\"}}}}"));

        Assert.Equal(service, Encoding.UTF8.GetString(read[0].Service));
    }

    [Fact]
    public void AMistakeInOneRecordRefusesThatRecord()
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, Request(
            $"{{{Time},\"body\":{{\"stringValue\":\"a\"}}}},{{\"timeUnixNano\":\"soon\"}},{{\"traceId\":\"xyz\"}},{{\"severityNumber\":\"ERROR\"}},5,{{{Time},\"body\":{{\"stringValue\":\"b\"}}}}"));

        Assert.Null(read.Parse.Fatal);
        Assert.Equal(["a", "b"], [read.Body(0), read.Body(1)]);
        Assert.Equal(6, read.Parse.Total);
        Assert.Equal(
            ["wrong_type 'timeUnixNano' must be an integer of 0 or more", "wrong_type 'traceId' must be hex digits, two a byte", "wrong_type 'severityNumber' must be a 64-bit integer", "wrong_type 'logRecords' must be an object"],
            read.Parse.Rejected.Select(r => r.Code + " " + r.Detail));
    }

    [Theory]
    [InlineData("{\"resourceLogs\":[", "bad_json")]
    [InlineData("{} {}", "bad_json")]
    [InlineData("[]", "not_an_object")]
    [InlineData("{\"resourceLogs\":[],\"resourceLogs\":[]}", "duplicate_key")]
    [InlineData("{\"resourceLogs\":5}", "wrong_type")]
    [InlineData("{\"resourceLogs\":[{\"resource\":[]}]}", "wrong_type")]
    public void ABrokenBodyIsRefusedWhole(string body, string code)
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, body);

        Assert.Equal(code, read.Parse.Fatal?.Code);
        Assert.True(read.Parse.Fatal!.Value.IsSyntax);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"resourceLogs\":[]}")]
    [InlineData("{\"resourceLogs\":null}")]
    [InlineData("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[]}]}]}")]
    public void ARequestWithoutRecordsIsFine(string body)
    {
        var read = OtlpRecords.Read(OtlpSignal.Logs, body);

        Assert.Null(read.Parse.Fatal);
        Assert.Equal(0, read.Parse.Total + read.Batch.Count);
    }

    private static string Request(string logs, string resource = "") =>
        $"{{\"resourceLogs\":[{{\"resource\":{{\"attributes\":[{resource}]}},\"scopeLogs\":[{{\"logRecords\":[{logs}]}}]}}]}}";
}
