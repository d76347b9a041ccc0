using System.Diagnostics;
using System.Globalization;
using System.Text;
using Culprit.Engine;
using Culprit.Engine.Flows;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Storage;

namespace Culprit.Benchmarks;

/// <summary>NDJSON through parser and pipeline, one thread, in memory.</summary>
internal static class EngineBenchmark
{
    private const int Lines = 400_000;
    private const int BatchLines = 1000;
    private const int Rounds = 5;

    /// <param name="file">NDJSON to play; without one, a stream of 20 services with 10 patterns each.</param>
    /// <param name="flows">How requests and jobs are followed.</param>
    public static int Run(string? file, FlowOptions? flows)
    {
        var bodies = Bodies(file is null ? Synthetic() : File.ReadLines(file));

        // A file was received when it was written: its records are not of the future.
        var received = UnixNanos.From(file is null ? Start : new DateTimeOffset(File.GetLastWriteTimeUtc(file)));
        var bytes = bodies.Sum(b => (long)b.Body.Length);
        var lines = bodies.Sum(b => b.Lines);
        for (var round = 0; round < Rounds; round++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var (parse, engine, events) = Play(bodies, received, flows);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{lines} records, {bytes / (double)lines:0} B each: parse {lines / parse.TotalSeconds / 1000:0} k/s, engine {lines / engine.TotalSeconds / 1000:0} k/s, both {lines / (parse + engine).TotalSeconds / 1000:0} k/s; {allocated / lines} B allocated a record; {events} events"));
        }

        return 0;
    }

    private static (TimeSpan Parse, TimeSpan Engine, int Events) Play(
        List<(byte[] Body, int Lines)> bodies, long received, FlowOptions? flows)
    {
        var parser = new BatchJsonParser();
        var writer = new RecordBatchWriter();
        var result = new BatchParse();
        var pipeline = new Pipeline(new PipelineOptions { Flows = flows }, 1, new RootCauseRanker(RunbookLibrary.Empty));
        var parse = TimeSpan.Zero;
        var engine = TimeSpan.Zero;
        var events = 0;
        long sequence = 1;
        foreach (var (body, _) in bodies)
        {
            var start = Stopwatch.GetTimestamp();
            parser.Parse(body, true, writer, received, null, result);
            var batch = writer.ToBatch(received, sequence);
            var parsed = Stopwatch.GetTimestamp();
            events += pipeline.Process(batch, new BatchAnnotations(batch.Count)).Count;
            var newest = batch[batch.Count - 1].TimestampNanos;
            if (newest - pipeline.TickNanos >= UnixNanos.PerSecond)
            {
                events += pipeline.Tick(newest).Count;
            }

            parse += Stopwatch.GetElapsedTime(start, parsed);
            engine += Stopwatch.GetElapsedTime(parsed);
            sequence += batch.Count;
        }

        return (parse, engine, events);
    }

    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static List<(byte[] Body, int Lines)> Bodies(IEnumerable<string> lines) =>
        [.. lines.Chunk(BatchLines).Select(chunk => (Encoding.UTF8.GetBytes(string.Join('\n', chunk)), chunk.Length))];

    private static readonly string[] Shapes =
    [
        "GET /api/v1/{0}/{1} 200 in {2} ms client=10.2.{3}.{4}",
        "Loaded {0} {1} from cache in {2} ms",
        "Forwarded request {5} for {0} to upstream node-{3}:{1}",
        "{0} queue drained: {1} items in {2} ms",
        "User {1} opened {0} session {5}",
        "Retrying {0} job {1}, attempt {3} of 5",
        "{0} replica {3} lag is {2} ms",
        "Wrote {1} rows to {0}_table in {2} ms",
        "Token for {0} issued, ttl={1}s",
        "{0} failed for order {1}: timeout after {2} ms",
    ];

    private static readonly string[] Words =
    [
        "billing", "carts", "search", "orders", "users", "stock", "mail", "media", "ads", "audit",
        "quotes", "rates", "geo", "feeds", "chat", "games", "score", "trips", "hotels", "loans",
    ];

    private static IEnumerable<string> Synthetic()
    {
        var random = new Random(42);
        for (var i = 0; i < Lines; i++)
        {
            var service = random.Next(Words.Length);
            var shape = random.Next(100) < 97 ? random.Next(Shapes.Length - 1) : Shapes.Length - 1;
            var level = shape == Shapes.Length - 1 ? "ERROR" : shape == 5 ? "WARN" : "INFO";
            var message = string.Format(CultureInfo.InvariantCulture, Shapes[shape], Words[service], random.Next(100_000),
                random.Next(5000), random.Next(6), random.Next(250), Guid.NewGuid());
            var time = Start.AddMilliseconds(i / 50.0).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
            yield return $$$"""{"timestamp":"{{{time}}}","service":"{{{Words[service]}}}-service","environment":"production","level":"{{{level}}}","message":"{{{message}}}","context":{"host":"node-{{{random.Next(6)}}}","request_id":"{{{random.Next():x8}}}","user_id":{{{random.Next(50_000)}}},"duration_ms":{{{random.Next(5000)}}}},"trace_id":"{{{Guid.NewGuid():N}}}"}""";
        }
    }
}
