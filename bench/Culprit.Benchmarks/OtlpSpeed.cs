using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks;

/// <summary>How fast one thread decodes 1,000 log records of OTLP, in both forms, beside the same records as <c>POST /events</c> takes them.</summary>
internal static class OtlpSpeed
{
    private const int Records = 1000;
    private const int Rounds = 300;
    private const long FirstNanos = 1_795_409_990_000_000_000;

    public static int Run()
    {
        var json = Otlp();
        var reader = new OtlpJsonReader(OtlpSignal.Logs);
        if (!reader.TryRead(json, new BatchParse(), out var converted))
        {
            throw new InvalidOperationException("The body of the benchmark is broken.");
        }

        var protobuf = converted.ToArray();
        Console.WriteLine("body                  bytes/record   records/s   ns/record");
        Report("POST /events, array", Events(), new EventsDecoder());
        Report("OTLP JSON", json, new OtlpDecoder(OtlpSignal.Logs, isJson: true, new CumulativePoints()));
        Report("OTLP protobuf", protobuf, new OtlpDecoder(OtlpSignal.Logs, isJson: false, new CumulativePoints()));
        return 0;
    }

    private static void Report(string name, byte[] body, IBodyDecoder decoder)
    {
        var (writer, parse) = (new RecordBatchWriter(), new BatchParse());
        Measure();
        var best = TimeSpan.FromTicks(Enumerable.Range(0, 5).Min(_ => Measure().Ticks));
        var records = (double)Records * Rounds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-20} {body.Length / Records,13} {records / best.TotalSeconds,11:F0} {best.TotalNanoseconds / records,11:F0}"));

        TimeSpan Measure()
        {
            // The processor's time, not the clock's: the machine may have other work.
            var before = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Rounds; i++)
            {
                decoder.Decode(body, writer, FirstNanos, null, parse);
                if (writer.Count != Records)
                {
                    throw new InvalidOperationException($"{writer.Count} records");
                }
            }

            return Environment.CpuUsage.TotalTime - before;
        }
    }

    private static byte[] Otlp()
    {
        var text = new StringBuilder("""{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},{"key":"deployment.environment.name","value":{"stringValue":"production"}},{"key":"host.name","value":{"stringValue":"checkout-3"}}]},"scopeLogs":[{"scope":{"name":"Shop.Orders"},"logRecords":[""");
        for (var i = 0; i < Records; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$$"""{{{(i == 0 ? "" : ",")}}}{"timeUnixNano":"{{{FirstNanos + i}}}","severityNumber":9,"severityText":"INFO","body":{"stringValue":"Order {{{i * 7919}}} placed by user {{{i}}} total 17.25 EUR items=3"},"attributes":[{"key":"request_id","value":{"stringValue":"{{{i:x12}}}"}},{"key":"user_id","value":{"intValue":"{{{i}}}"}},{"key":"duration_ms","value":{"intValue":"{{{i % 200}}}"}}],"traceId":"{{{i:x32}}}","spanId":"{{{i + 1:x16}}}"}""");
        }

        return Encoding.UTF8.GetBytes(text.Append("]}]}]}").ToString());
    }

    private static byte[] Events()
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < Records; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$$"""{{{(i == 0 ? "" : ",")}}}{"timestamp":"2026-11-23T04:59:50.{{{i:d6}}}Z","service":"checkout","environment":"production","level":"INFO","message":"Order {{{i * 7919}}} placed by user {{{i}}} total 17.25 EUR items=3","context":{"request_id":"{{{i:x12}}}","user_id":{{{i}}},"duration_ms":{{{i % 200}}},"host.name":"checkout-3","otel.scope.name":"Shop.Orders"},"trace_id":"{{{i:x32}}}","span_id":"{{{i + 1:x16}}}"}""");
        }

        return Encoding.UTF8.GetBytes(text.Append(']').ToString());
    }

    private sealed class EventsDecoder : IBodyDecoder
    {
        private readonly BatchJsonParser _parser = new();

        public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result) =>
            _parser.Parse(body, false, writer, receivedNanos, ids, result);
    }
}
