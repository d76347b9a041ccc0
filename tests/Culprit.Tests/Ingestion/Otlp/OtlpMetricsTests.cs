using System.Text;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

public sealed class OtlpMetricsTests
{
    private const string Time = "\"timeUnixNano\":\"1795409990000000000\"";

    /// <summary>A metric without its name, the name, and the records that become of it as <c>name attributes</c>.</summary>
    public static TheoryData<string, string, string> Table()
    {
        var table = new TheoryData<string, string, string>();

        void Row(string name, string data, string expected) => table.Add(name, data, expected);

        const string Number = "\"dataPoints\":[{" + Time + ",\"asDouble\":2.5}]";
        Row("cpu.usage", "\"unit\":\"1\",\"gauge\":{" + Number + "}", """cpu.usage {"value":2.5,"unit":"1"}""");
        Row("jobs", "\"gauge\":{\"dataPoints\":[{" + Time + ",\"asInt\":\"-3\"}]}", """jobs {"value":-3}""");
        Row("jvm.thread.count", "\"gauge\":{" + Number + "}", """jvm.thread.count.value {"value":2.5}""");
        Row("requests", "\"sum\":{" + Number + ",\"aggregationTemporality\":2,\"isMonotonic\":true}", """requests_total {"value":2.5}""");
        Row("requests_total", "\"sum\":{" + Number + ",\"aggregationTemporality\":2,\"isMonotonic\":true}", """requests_total {"value":2.5}""");
        Row("gc.count", "\"sum\":{" + Number + ",\"aggregationTemporality\":2,\"isMonotonic\":true}", """gc.count {"value":2.5}""");
        Row("requests", "\"sum\":{" + Number + ",\"aggregationTemporality\":1,\"isMonotonic\":true}", """requests.delta {"value":2.5}""");
        Row("pool.used", "\"sum\":{" + Number + ",\"aggregationTemporality\":2}", """pool.used {"value":2.5}""");
        Row(
            "cpu",
            "\"gauge\":{\"dataPoints\":[{" + Time + ",\"asInt\":1,\"attributes\":[{\"key\":\"state\",\"value\":{\"stringValue\":\"idle\"}},{\"key\":\"core\",\"value\":{\"intValue\":1}}]}]}",
            """cpu {"value":1,"series":"core=1,state=idle","state":"idle","core":1}""");
        Row(
            "latency",
            "\"unit\":\"ms\",\"histogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{" + Time + ",\"count\":\"10\",\"sum\":300,\"min\":1,\"max\":90,\"bucketCounts\":[\"0\",\"9\",\"1\"],\"explicitBounds\":[20,40]}]}",
            """latency.count.delta {"value":10,"sum":300,"min":1,"max":90}|latency.mean {"value":30,"unit":"ms"}|latency.q95 {"value":40,"unit":"ms"}""");
        Row(
            "latency",
            "\"exponentialHistogram\":{\"aggregationTemporality\":1,\"dataPoints\":[{" + Time + ",\"count\":4,\"sum\":8,\"scale\":0,\"zeroCount\":0,\"positive\":{\"offset\":0,\"bucketCounts\":[4]}}]}",
            """latency.count.delta {"value":4,"sum":8}|latency.mean {"value":2}|latency.q95 {"value":1.95}""");
        Row(
            "latency",
            "\"summary\":{\"dataPoints\":[{" + Time + ",\"count\":3,\"sum\":6,\"quantileValues\":[{\"quantile\":0.5,\"value\":2},{\"quantile\":0.999,\"value\":3},{\"quantile\":1,\"value\":\"NaN\"}]}]}",
            """latency.count {"value":3,"sum":6}|latency.q50 {"value":2}|latency.q99.9 {"value":3}""");
        Row("gone", "\"gauge\":{\"dataPoints\":[{" + Time + ",\"flags\":1}]}", "");
        return table;
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void AMetricBecomesPointsUnderNamesThatSayWhatTheyHold(string name, string data, string expected)
    {
        var read = OtlpRecords.Read(OtlpSignal.Metrics, Request($"{{\"name\":\"{name}\",{data}}}"));

        Assert.Empty(read.Parse.Rejected);
        Assert.Null(read.Parse.Fatal);
        Assert.Equal(expected, string.Join('|', Enumerable.Range(0, read.Batch.Count).Select(i => $"{read.Body(i)} {read.Attributes(i)}")));
        Assert.All(Enumerable.Range(0, read.Batch.Count), i => Assert.Equal((EventKind.Metric, 1_795_409_990_000_000_000), (read[i].Kind, read[i].TimestampNanos)));
    }

    [Fact]
    public void WhatIsNoNumberIsRefusedPointByPoint()
    {
        var read = OtlpRecords.Read(OtlpSignal.Metrics, Request(
            $"{{\"name\":\"a\",\"gauge\":{{\"dataPoints\":[{{{Time}}},{{{Time},\"asDouble\":\"NaN\"}},{{{Time},\"asInt\":\"x\"}},{{{Time},\"asInt\":1}}]}}}},{{\"gauge\":{{\"dataPoints\":[{{{Time},\"asInt\":1}}]}}}}"));

        Assert.Equal(["wrong_type", "out_of_range", "out_of_range", "missing_field"], read.Parse.Rejected.Select(r => r.Code));
        Assert.Equal((5, 1), (read.Parse.Total, read.Batch.Count));
    }

    [Fact]
    public void ReplicasAreSeriesOfTheirOwn()
    {
        var read = OtlpRecords.Read(OtlpSignal.Metrics, Request(
            $"{{\"name\":\"heap\",\"gauge\":{{\"dataPoints\":[{{{Time},\"asInt\":1}}]}}}}",
            "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"i7\"}}"));

        Assert.Equal("""{"value":1,"series":"instance=i7","service.instance.id":"i7"}""", read.Attributes(0));
    }

    [Fact]
    public void ALongSeriesIsCutToANameOfItsOwn()
    {
        static string Series(char last) => OtlpRecords.Read(OtlpSignal.Metrics, Request(
            $"{{\"name\":\"a\",\"gauge\":{{\"dataPoints\":[{{{Time},\"asInt\":1,\"attributes\":[{{\"key\":\"k\",\"value\":{{\"stringValue\":\"{new string('x', 400)}{last}\"}}}}]}}]}}}}")).Attributes(0)[20..230];

        Assert.NotEqual(Series('a'), Series('b'));
        Assert.Equal(Series('a'), Series('a'));
    }

    [Fact]
    public void ACumulativeHistogramTellsWhatEachIntervalAdded()
    {
        var decoder = new OtlpDecoder(OtlpSignal.Metrics, isJson: true, new CumulativePoints());

        var first = Send(1, 10, 100, "[10,0,0]");
        var second = Send(2, 14, 260, "[10,0,4]");
        var again = Send(2, 14, 260, "[10,0,4]");
        var late = Send(1, 10, 100, "[10,0,0]");
        var restarted = Send(3, 2, 10, "[2,0,0]", start: 3);

        Assert.Equal("d.count 10", first);
        Assert.Equal("d.count 14|d.mean 40|d.q95 20", second);
        Assert.Equal(second, again);
        Assert.Equal("d.count 10", late);
        Assert.Equal("d.count 2|d.mean 5|d.q95 9.5", restarted);

        string Send(int at, int count, int sum, string buckets, int start = 0)
        {
            var read = OtlpRecords.Read(decoder, Encoding.UTF8.GetBytes(Request(
                $"{{\"name\":\"d\",\"histogram\":{{\"aggregationTemporality\":2,\"dataPoints\":[{{\"startTimeUnixNano\":\"179540999{start}000000000\",\"timeUnixNano\":\"179540999{at}000000000\",\"count\":{count},\"sum\":{sum},\"bucketCounts\":{buckets},\"explicitBounds\":[10,20]}}]}}}}")));
            return string.Join('|', Enumerable.Range(0, read.Batch.Count).Select(i =>
                $"{read.Body(i)} {System.Text.Json.JsonDocument.Parse(read.Attributes(i)).RootElement.GetProperty("value")}"));
        }
    }

    private static string Request(string metrics, string resource = "") =>
        $"{{\"resourceMetrics\":[{{\"resource\":{{\"attributes\":[{resource}]}},\"scopeMetrics\":[{{\"metrics\":[{metrics}]}}]}}]}}";
}
