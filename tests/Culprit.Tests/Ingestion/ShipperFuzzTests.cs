using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Elasticsearch;
using Culprit.Engine.Ingestion.Gelf;
using Culprit.Engine.Ingestion.Loki;
using Culprit.Engine.Ingestion.Seq;
using Culprit.Engine.Ingestion.Splunk;
using Culprit.Engine.Records;
using Culprit.Tests.Ingestion.Loki;
using Xunit;

namespace Culprit.Tests.Ingestion;

/// <summary>Bodies of shippers are hostile: whatever the bytes, nothing is thrown, nothing hangs, and every record is sound.</summary>
/// <remarks>
/// CULPRIT_FUZZ_ROUNDS=10000000 makes it long, CULPRIT_FUZZ_SEED repeats a run; both are shown by a failure.
/// </remarks>
public sealed class ShipperFuzzTests
{
    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("CULPRIT_FUZZ_ROUNDS") ?? "200000", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("CULPRIT_FUZZ_SEED") ?? "20261129", CultureInfo.InvariantCulture);

    public static TheoryData<string> Decoders => ["elasticsearch", "loki-json", "loki-protobuf", "clef", "hec", "hec-raw", "gelf", "foreign-events"];

    [Theory]
    [MemberData(nameof(Decoders))]
    public void MutatedBodiesGiveSoundRecords(string name)
    {
        var random = new Random(Seed);
        var decoder = DecoderOf(name);
        var seeds = SeedsOf(name);
        var records = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var body = Mutate(seeds[random.Next(seeds.Length)], random);
            var started = Stopwatch.GetTimestamp();
            try
            {
                var decoded = Decoded.By(decoder, body, random.Next(2) == 0 ? new SeenIds() : null);
                records += decoded.Batch.Count;
                AssertSound(decoded);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"{name}, CULPRIT_FUZZ_SEED={Seed}, round {round}: {Convert.ToBase64String(body)}", e);
            }

            Assert.True(
                Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1) || IsQuick(decoder, body),
                $"{name}, CULPRIT_FUZZ_SEED={Seed}, round {round} took too long: {Convert.ToBase64String(body)}");
        }

        Assert.True(records > Rounds / 20, $"only {records} records: the bodies are too broken to test anything");
    }

    /// <summary>A busy machine may take its time once; a body that is slow is slow each time.</summary>
    private static bool IsQuick(IBodyDecoder decoder, byte[] body)
    {
        for (var tries = 0; tries < 5; tries++)
        {
            var started = Stopwatch.GetTimestamp();
            Decoded.By(decoder, body);
            if (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(1))
            {
                return true;
            }
        }

        return false;
    }

    private static IBodyDecoder DecoderOf(string name) => name switch
    {
        "elasticsearch" => new BulkDecoder(),
        "loki-json" => new LokiJsonDecoder(),
        "loki-protobuf" => new LokiProtobufDecoder(),
        "clef" => new ClefDecoder(),
        "hec" => new HecDecoder(),
        "hec-raw" => new HecRawDecoder(),
        "gelf" => new GelfDecoder(),
        "foreign-events" => new EventsDecoder(),
        _ => throw new UnreachableException(name),
    };

    private static byte[][] SeedsOf(string name)
    {
        const long at = ParsedEvent.Received;
        return name switch
        {
            "loki-protobuf" =>
            [
                LokiPush.Request(LokiPush.Stream("{app=\"a\", level=\"warn\"}", LokiPush.Entry(at, "one", ("trace_id", "x1")), LokiPush.Entry(at, "2026-11-23T04:00:00Z ERROR two"))),
                LokiPush.Request(LokiPush.Stream("{b=\"\\u00e4\\n\"}", LokiPush.Entry(at, "{\"level\":\"error\",\"msg\":\"m\"}")), LokiPush.Stream("{}", LokiPush.Entry(0, "\tat x"))),
            ],
            "loki-json" => CaseBlocks.Inputs("loki.txt"),
            "hec-raw" => [.. CaseBlocks.Inputs("mapping.txt")],
            _ => CaseBlocks.Inputs(name + ".txt"),
        };
    }

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var hits = random.Next(0, 6); hits > 0; hits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)"{}[]\"\\:,=u0 \n\t<>|-"[random.Next(18)];
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    var part = bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    bytes.InsertRange(random.Next(bytes.Count), part);
                    break;
                case 4:
                    bytes.InsertRange(at, Encoding.ASCII.GetBytes(new[] { "\\ud800", "\\u0000", "1e999", "null", "{\"a\":", "[[[[", "\u0000" }[random.Next(7)]));
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }

            if (bytes.Count == 0)
            {
                bytes.Add((byte)'{');
            }
        }

        return [.. bytes];
    }

    private static void AssertSound(Decoded decoded)
    {
        for (var i = 0; i < decoded.Batch.Count; i++)
        {
            var record = decoded.Batch[i];
            Assert.True(JsonText.IsVisibleName(record.Service), "service");
            Assert.True(JsonText.IsVisibleName(record.Environment), "environment");
            Assert.True(Utf8.IsValid(record.Body) && Utf8.IsValid(record.Id) && Utf8.IsValid(record.Source) && Utf8.IsValid(record.TraceId), "text");
            Assert.True(Enum.IsDefined(record.Severity), "severity");
            if (!record.Attributes.IsEmpty)
            {
                using var attributes = JsonDocument.Parse(record.Attributes.ToArray());
                Assert.Equal(JsonValueKind.Object, attributes.RootElement.ValueKind);
            }
        }
    }

    private sealed class EventsDecoder : IBodyDecoder
    {
        private readonly BatchJsonParser _parser = new();

        public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result) =>
            _parser.Parse(body, isLines: false, writer, receivedNanos, ids, result);
    }
}
