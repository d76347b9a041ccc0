using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class EventJsonParserTests
{
    public static TheoryData<string, string> Events() => [.. CaseFile.Read("events.txt")];

    [Theory]
    [MemberData(nameof(Events))]
    public void AnObjectBecomesTheRecordOfTheCaseFile(string json, string expected)
    {
        var described = ParsedEvent.Describe(Encoding.UTF8.GetBytes(json));

        Assert.Equal(expected, described);
    }

    [Fact]
    public void ALineBreakInsideTheContextBecomesASpace()
    {
        var described = ParsedEvent.Describe("{\"message\":\"x\",\"context\":{\n  \"a\": 1\r\n}}"u8);

        Assert.Equal("log body=x attributes={   \"a\": 1  }", described);
    }

    [Fact]
    public void BytesThatAreNotUtf8AreASyntaxError()
    {
        byte[] json = [.. "{\"message\":\"a"u8, 0xC3, 0x28, .. "\"}"u8];

        Assert.Equal("!!bad_utf8", ParsedEvent.Describe(json));
    }

    [Theory]
    [InlineData(32, "log body=x")]
    [InlineData(33, "!!too_deep")]
    public void NestingIsAllowedUpTo32Levels(int depth, string expected)
    {
        var json = "{\"message\":\"x\",\"context\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";

        Assert.StartsWith(expected, ParsedEvent.Describe(Encoding.UTF8.GetBytes(json)), StringComparison.Ordinal);
    }

    [Fact]
    public void MembersBeyondTheLimitAreDroppedAndTheRecordIsFlagged()
    {
        var context = string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"k{i}\":{{\"v\":{i}}}"));

        var described = ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"context\":{{{context}}}}}"));

        Assert.EndsWith(" truncated", described, StringComparison.Ordinal);
        Assert.Contains("\"k127\":{\"v\":127}", described, StringComparison.Ordinal);
        Assert.DoesNotContain("\"k128\"", described, StringComparison.Ordinal);
    }

    [Fact]
    public void ALongMessageIsCutAtAWholeCharacterAndFlagged()
    {
        var message = "a" + new string('é', EventLimits.MaxValueBytes / 2);

        var described = ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"{message}\"}}"));

        Assert.EndsWith("é truncated", described, StringComparison.Ordinal);
        Assert.Equal("log body=".Length + (EventLimits.MaxValueBytes / 2) + " truncated".Length, described.Length);
    }

    [Fact]
    public void ALongAttributeIsCutAndFlagged()
    {
        var value = new string('v', EventLimits.MaxValueBytes + 5);

        var described = ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"context\":{{\"a\":\"{value}\",\"b\":1}}}}"));

        Assert.EndsWith("v\",\"b\":1} truncated", described, StringComparison.Ordinal);
        Assert.DoesNotContain(value, described, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEventOverOneMebibyteIsRefused()
    {
        var described = ParsedEvent.Describe(Encoding.UTF8.GetBytes(
            $"{{\"message\":\"{new string('v', EventLimits.MaxEventBytes)}\"}}"));

        Assert.Equal("!event_too_large", described);
    }

    [Fact]
    public void NamesAndIdsHaveAtMost128Characters()
    {
        var name = new string('ä', 128);

        Assert.Contains(name, ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"service\":\"{name}\"}}")), StringComparison.Ordinal);
        Assert.Contains(name, ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"id\":\"{name}\"}}")), StringComparison.Ordinal);
        Assert.Equal("!bad_service_name", ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"service\":\"{name}ä\"}}")));
        Assert.Equal("!bad_id", ParsedEvent.Describe(Encoding.UTF8.GetBytes($"{{\"message\":\"x\",\"id\":\"{name}ä\"}}")));
    }

    [Fact]
    public void ARejectionNamesTheFieldAndEchoesAtMost64EscapedCharacters()
    {
        var writer = new RecordBatchWriter();
        var json = "{\"message\":\"x\",\"service\":\"\\u001b[31m" + new string('y', 300) + "\"}";

        var parsed = new EventJsonParser().Parse(Encoding.UTF8.GetBytes(json), writer, ParsedEvent.Received);

        Assert.Contains("service", parsed.Detail, StringComparison.Ordinal);
        Assert.Contains("\\u{1b}[31myyy", parsed.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', parsed.Detail!);
        Assert.True(parsed.Detail!.Length < 64 + 60);
    }

    [Fact]
    public void AnAcceptedRecordAllocatesNothing()
    {
        var writer = new RecordBatchWriter();
        var parser = new EventJsonParser();
        var json = """{"timestamp":"2026-11-23T05:00:00.123456Z","service":"api-gateway","level":"INFO","message":"a","context":{"n":1}}"""u8;
        for (var i = 0; i < 10; i++)
        {
            parser.Parse(json, writer, ParsedEvent.Received);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            parser.Parse(json, writer, ParsedEvent.Received);
            writer.Reset();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
