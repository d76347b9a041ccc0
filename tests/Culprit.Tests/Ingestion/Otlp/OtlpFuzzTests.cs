using System.Diagnostics;
using System.Text.Json;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Ingestion.Otlp;

/// <summary>S1 for OTLP: whatever the bytes, the decoder neither throws nor hangs nor makes records that are none.</summary>
public sealed class OtlpFuzzTests
{
    private const string Added = "{}[]\",:\\u0dn\n \xff";

    public static TheoryData<OtlpSignalName, bool> Decoders()
    {
        var data = new TheoryData<OtlpSignalName, bool>();
        foreach (var signal in Enum.GetValues<OtlpSignalName>())
        {
            data.Add(signal, true);
            data.Add(signal, false);
        }

        return data;
    }

    /// <summary>The same export makes the same records, whichever way it is written.</summary>
    [Theory]
    [InlineData(OtlpSignalName.Logs)]
    [InlineData(OtlpSignalName.Traces)]
    [InlineData(OtlpSignalName.Metrics)]
    public void JsonAndProtobufAreOne(OtlpSignalName name)
    {
        var signal = (OtlpSignal)name;
        var seed = FaultTier.NewSeed();
        var records = 0;
        for (var i = 0; i < FaultTier.Pick(2_000, 100_000); i++)
        {
            var (protobuf, json) = RandomExport.Of(signal, new Random(seed + i));

            var read = OtlpRecords.Read(signal, protobuf, isJson: false);
            var other = OtlpRecords.Read(signal, json, isJson: true);

            Assert.True(read.Parse.Fatal is null && other.Parse.Fatal is null, $"seed {seed + i}: {read.Parse.Fatal} {other.Parse.Fatal}");
            Assert.True(read.Lines.SequenceEqual(other.Lines), $"seed {seed + i}");
            Assert.Equal((read.Parse.Total, read.Parse.Rejected.Count, read.Parse.IsUndated), (other.Parse.Total, other.Parse.Rejected.Count, other.Parse.IsUndated));
            records += read.Batch.Count;
            AssertSound(read);
        }

        Assert.True(records > 1000, $"only {records} records");
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void NoBytesBreakTheDecoder(OtlpSignalName name, bool isJson)
    {
        var signal = (OtlpSignal)name;
        var seed = FaultTier.NewSeed();
        var random = new Random(seed);
        var decoder = new OtlpDecoder(signal, isJson, new CumulativePoints());
        var runs = FaultTier.Runs(200_000, 10_000_000);
        var (taken, slowest) = (0, TimeSpan.Zero);
        for (var run = 0; run < runs; run++)
        {
            var (protobuf, json) = RandomExport.Of(signal, random);
            var body = random.Next(50) == 0 ? Noise(random) : MutatedBytes.Of(isJson ? json : protobuf, random, Added);
            var start = Stopwatch.GetTimestamp();
            try
            {
                var read = OtlpRecords.Read(decoder, body);
                taken += read.Batch.Count;
                AssertSound(read);
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"seed {seed}, run {run}, {Convert.ToBase64String(body)}: {e}");
            }

            slowest = TimeSpan.FromTicks(Math.Max(slowest.Ticks, Stopwatch.GetElapsedTime(start).Ticks));
        }

        FaultTier.Report($"S1 OTLP {signal} {(isJson ? "JSON" : "protobuf")}: {runs} mutated bodies, {taken} records, 0 unhandled, slowest {slowest.TotalMilliseconds:0} ms, seed {seed}");
        Assert.True(taken > runs / 20, $"only {taken} records of {runs} bodies: the mutations leave nothing alive");
    }

    private static void AssertSound(OtlpRecords read)
    {
        Assert.True(read.Parse.Fatal is not null || read.Parse.Total >= read.Parse.Rejected.Count);
        Assert.True(RecordBatch.TryRead(read.Batch.Bytes, 1, out var batch));
        for (var i = 0; i < batch!.Count; i++)
        {
            var record = batch[i];
            Assert.False(record.Service.IsEmpty || record.Environment.IsEmpty);
            Assert.True(System.Text.Unicode.Utf8.IsValid(record.Body) && System.Text.Unicode.Utf8.IsValid(record.Attributes));
            if (!record.Attributes.IsEmpty)
            {
                using var attributes = JsonDocument.Parse(record.Attributes.ToArray(), new JsonDocumentOptions { AllowDuplicateProperties = false });
                Assert.Equal(JsonValueKind.Object, attributes.RootElement.ValueKind);
            }
        }
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        return bytes;
    }
}

/// <summary><see cref="OtlpSignal"/>, visible to the test runner.</summary>
public enum OtlpSignalName
{
    Logs = OtlpSignal.Logs,
    Traces = OtlpSignal.Traces,
    Metrics = OtlpSignal.Metrics,
}
