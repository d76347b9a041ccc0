using System.Diagnostics;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

/// <summary>Bombs and limits, in both forms.</summary>
public sealed class OtlpLimitsTests
{
    private const ulong Time = 1_795_409_990_000_000_000;

    [Theory]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })] // a length far beyond the body
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })] // 2^64 - 1
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })] // a varint without an end
    [InlineData(new byte[] { 0x0B })] // a group
    [InlineData(new byte[] { 0x00 })] // field 0
    [InlineData(new byte[] { 0x09, 1, 2, 3 })] // half a number
    [InlineData(new byte[] { 0x0A, 0x02, 0x12, 0x05 })] // an inner length beyond the outer
    public void BrokenProtobufIsRefusedWhole(byte[] body)
    {
        foreach (var signal in Enum.GetValues<OtlpSignal>())
        {
            var read = OtlpRecords.Read(signal, body, isJson: false);

            Assert.Equal("bad_protobuf", read.Parse.Fatal?.Code);
            Assert.True(read.Parse.Fatal!.Value.IsSyntax);
        }
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(40, false)]
    [InlineData(100_000, false)]
    public void DeepValuesAreRefused(int depth, bool isTaken)
    {
        var json = "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":1,\"body\":"
            + string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", depth)) + "{}"
            + string.Concat(Enumerable.Repeat("]}}", depth)) + "}]}]}]}";
        ReadOnlySpan<byte> value = [];
        for (var i = 0; i < Math.Min(depth, 2000); i++)
        {
            value = Field(5, Field(1, value));
        }

        Assert.Equal(isTaken ? null : "too_deep", OtlpRecords.Read(OtlpSignal.Logs, json).Parse.Fatal?.Code);
        Assert.Equal(isTaken ? null : "too_deep", OtlpRecords.Read(OtlpSignal.Logs, Request(Field(5, value)), isJson: false).Parse.Fatal?.Code);
    }

    [Fact]
    public void MoreItemsThanABodyMayHaveRefuseTheBody()
    {
        var body = new ProtoWriter();
        var (resource, scope) = (body.Begin(1), body.Begin(2));
        for (var i = 0; i <= EventLimits.MaxEventsPerBatch; i++)
        {
            body.Content(2, []);
        }

        body.End(scope);
        body.End(resource);

        var read = OtlpRecords.Read(OtlpSignal.Logs, body.Written.ToArray(), isJson: false);

        Assert.Equal((RejectionCodes.TooManyEvents, false), (read.Parse.Fatal?.Code, read.Parse.Fatal?.IsSyntax));
    }

    /// <summary>A resource of 1 MiB would be copied into each of its records.</summary>
    [Fact]
    public void AFatResourceIsNotMultiplied()
    {
        var body = new ProtoWriter();
        var resource = body.Begin(1);
        var shared = body.Begin(1);
        for (var i = 0; i < 200; i++)
        {
            body.Content(1, Pair("key" + i, new string('x', 5000)));
        }

        body.End(shared);
        var scope = body.Begin(2);
        for (var i = 0; i < 20_000; i++)
        {
            body.Content(2, Log());
        }

        body.End(scope);
        body.End(resource);
        var start = Stopwatch.GetTimestamp();

        var read = OtlpRecords.Read(OtlpSignal.Logs, body.Written.ToArray(), isJson: false);

        Assert.Equal(RejectionCodes.TooManyEvents, read.Parse.Fatal?.Code);
        Assert.InRange(read.Batch.Bytes.Length, 1, EventLimits.MaxBatchRecordBytes + 1_000_000);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
    }

    [Fact]
    public void WhatIsOverALimitIsCutAndFlagged()
    {
        var attributes = Enumerable.Range(0, 300).SelectMany(i => Field(6, Pair("k" + i, "v"))).ToArray();

        var many = OtlpRecords.Read(OtlpSignal.Logs, Request([.. Log(), .. attributes]), isJson: false);
        var longText = OtlpRecords.Read(OtlpSignal.Logs, Request([.. Log(), .. Field(5, Field(1, new byte[EventLimits.MaxValueBytes + 1].Select(_ => (byte)'a').ToArray()))]), isJson: false);
        var tooLarge = OtlpRecords.Read(OtlpSignal.Logs, Request([.. Log(), .. Field(5, Field(1, new byte[EventLimits.MaxEventBytes]))]), isJson: false);

        Assert.Equal(RecordFlags.Truncated, many[0].Flags);
        Assert.Equal(256, System.Text.Json.JsonDocument.Parse(many.Attributes(0)).RootElement.EnumerateObject().Count());
        Assert.Equal((RecordFlags.Truncated, EventLimits.MaxValueBytes), (longText[0].Flags, longText[0].Body.Length));
        Assert.Equal(RejectionCodes.EventTooLarge, Assert.Single(tooLarge.Parse.Rejected).Code);
    }

    [Fact]
    public void BadTextAndBadNamesAreMended()
    {
        byte[] resource = [.. Field(1, [.. Field(1, "service.name"u8), .. Field(2, Field(1, "my shop\u0007"u8))])];
        var body = Field(1, [.. Field(1, resource), .. Field(2, Field(2, [.. Log(), .. Field(5, Field(1, [(byte)'a', 0xFF, (byte)'b', 0]))]))]);

        var read = OtlpRecords.Read(OtlpSignal.Logs, body, isJson: false);

        Assert.Equal("my-shop-", Encoding.UTF8.GetString(read[0].Service));
        Assert.StartsWith("a\uFFFDb", read.Body(0), StringComparison.Ordinal);
    }

    [Fact]
    public void InvalidUtf8InJsonIsRefused()
    {
        byte[] body = [.. "{\"resourceLogs\":[{\"schemaUrl\":\""u8, 0xFF, .. "\"}]}"u8];

        Assert.Equal("bad_utf8", OtlpRecords.Read(OtlpSignal.Logs, body, isJson: true).Parse.Fatal?.Code);
    }

    private static byte[] Request(byte[] log) => Field(1, Field(2, Field(2, log)));

    private static byte[] Log()
    {
        var log = new ProtoWriter();
        log.Fixed64(1, Time);
        return log.Written.ToArray();
    }

    private static byte[] Pair(string key, string value) => [.. Field(1, Encoding.UTF8.GetBytes(key)), .. Field(2, Field(1, Encoding.UTF8.GetBytes(value)))];

    private static byte[] Field(int number, ReadOnlySpan<byte> content)
    {
        var field = new ProtoWriter();
        field.Content(number, content);
        return field.Written.ToArray();
    }
}
