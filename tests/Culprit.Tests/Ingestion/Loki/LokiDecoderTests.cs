using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Loki;
using Xunit;

namespace Culprit.Tests.Ingestion.Loki;

public sealed class LokiDecoderTests
{
    private const long At = ParsedEvent.Received - 1_000_000_000;

    [Fact]
    public void JsonPushesBecomeTheRecordsThatTheCasesSay() => CaseBlocks.Check(
        "loki.txt", lines => Decoded.By(new LokiJsonDecoder(), Encoding.UTF8.GetBytes(string.Join('\n', lines))).ToString());

    [Fact]
    public void ProtobufIsReadWithLabelsAndMetadata()
    {
        var body = LokiPush.Request(
            LokiPush.Stream("{app=\"pay\", level=\"warn\", zone=\"e\\u00e4\\n\"}", LokiPush.Entry(At, "one"), LokiPush.Entry(At, "two", ("trace_id", "abc1"), ("zone", "own"))),
            LokiPush.Stream("{job=\"nightly\"}", LokiPush.Entry(0, "2026-11-23T04:00:00Z ERROR three")));

        var decoded = Decoded.By(new LokiProtobufDecoder(), body);

        Assert.Equal(
            """
            log service=pay level=warn body=one source=loki attributes={"zone":"eä\n"} at=2026-11-23T04:59:59.000Z
            log service=pay level=warn body=two trace=abc1 source=loki attributes={"zone":"own"} at=2026-11-23T04:59:59.000Z
            log service=nightly level=error body=three source=loki at=2026-11-23T04:00:00.000Z
            """,
            decoded.ToString());
        Assert.False(decoded.Parse.IsUndated);
    }

    [Fact]
    public void LabelsBehindTheEntriesCount()
    {
        var entry = LokiPush.Field(2, LokiPush.Entry(At, "x"));
        var body = LokiPush.Field(1, [.. entry, .. LokiPush.Field(1, "{app=\"a\"}"u8.ToArray())]);

        Assert.StartsWith("log service=a body=x", Decoded.By(new LokiProtobufDecoder(), body).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void LinesOfStreamsWithoutReadableLabelsAreKeptRaw()
    {
        foreach (var labels in new[] { "", "app", "{app}", "{app=x}", "{app=\"x\" b=\"y\"}", "{app=\"x}", "{app=\"\\q\"}" })
        {
            var decoded = Decoded.By(new LokiProtobufDecoder(), LokiPush.Request(LokiPush.Stream(labels, LokiPush.Entry(At, "x"))));

            Assert.EndsWith("attributes={\"parse_error\":\"bad_labels\"} at=2026-11-23T04:59:59.000Z raw", decoded.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void BytesThatAreNoPushAreRefusedWhole()
    {
        var whole = LokiPush.Request(LokiPush.Stream("{a=\"b\"}", LokiPush.Entry(At, "x", ("a", "b"))));
        foreach (var body in new[] { whole[..^3], [0x0A, 0x7F], "{\"streams\":[]}"u8.ToArray() })
        {
            Assert.Equal("!bad_protobuf", Decoded.By(new LokiProtobufDecoder(), body).ToString());
        }
    }

    [Fact]
    public void ALongLabelDoesNotMultiplyIntoMemory()
    {
        var entries = Enumerable.Repeat(LokiPush.Entry(At, "x"), 20_000).ToArray();
        var body = LokiPush.Request(LokiPush.Stream("{a=\"" + new string('v', 1_000_000) + "\"}", entries));

        var decoded = Decoded.By(new LokiProtobufDecoder(), body);

        Assert.Equal("!too_many_events", decoded.ToString());
        Assert.InRange(decoded.Batch.Bytes.Length, EventLimits.MaxBatchRecordBytes, EventLimits.MaxBatchRecordBytes + EventLimits.MaxEventBytes);
    }
}
