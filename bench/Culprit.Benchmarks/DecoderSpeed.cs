using System.Globalization;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Elasticsearch;
using Culprit.Engine.Ingestion.Gelf;
using Culprit.Engine.Ingestion.Loki;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Ingestion.Seq;
using Culprit.Engine.Ingestion.Splunk;
using Culprit.Engine.Records;

namespace Culprit.Benchmarks;

/// <summary>How fast one thread decodes the same 1,000 log records in the form of each protocol, inflated, beside <c>POST /events</c>.</summary>
/// <remarks>The protocols take turns, so that what else the machine does hits them alike.</remarks>
internal static class DecoderSpeed
{
    private const int Rounds = 100;
    private const int Turns = 7;

    public static int Run()
    {
        var json = DecoderBodies.OtlpJson();
        Entrant[] entrants =
        [
            new("POST /events, NDJSON", DecoderBodies.Events(), new EventsDecoder()),
            new("POST /events, Fluent Bit", DecoderBodies.FluentBit(), new EventsDecoder()),
            new("OTLP protobuf", DecoderBodies.OtlpProtobuf(json), new OtlpDecoder(OtlpSignal.Logs, isJson: false, new CumulativePoints())),
            new("OTLP JSON", json, new OtlpDecoder(OtlpSignal.Logs, isJson: true, new CumulativePoints())),
            new("Elasticsearch _bulk", DecoderBodies.Bulk(), new BulkDecoder()),
            new("Loki protobuf", DecoderBodies.LokiProtobuf(), new LokiProtobufDecoder()),
            new("Loki JSON", DecoderBodies.LokiJson(), new LokiJsonDecoder()),
            new("Seq CLEF", DecoderBodies.Clef(), new ClefDecoder()),
            new("Splunk HEC", DecoderBodies.Hec(), new HecDecoder()),
            new("GELF", DecoderBodies.Gelf(), new GelfDecoder()),
        ];
        for (var turn = 0; turn < Turns; turn++)
        {
            foreach (var entrant in entrants)
            {
                entrant.Measure();
            }
        }

        var yardstick = entrants[0].NanosPerRecord;
        Console.WriteLine("body                      bytes/record   records/s   ns/record   against POST /events");
        foreach (var entrant in entrants)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{entrant.Name,-25} {entrant.Body.Length / DecoderBodies.Records,12} {1e9 / entrant.NanosPerRecord,11:F0} {entrant.NanosPerRecord,11:F0} {entrant.NanosPerRecord / yardstick,22:F2}"));
        }

        return 0;
    }

    private sealed class Entrant(string name, byte[] body, IBodyDecoder decoder)
    {
        private const long ReceivedNanos = DecoderBodies.FirstNanos + UnixNanos.PerSecond;

        private readonly RecordBatchWriter _writer = new();
        private readonly BatchParse _parse = new();

        public string Name { get; } = name;

        public byte[] Body { get; } = body;

        /// <summary>The best turn so far.</summary>
        public double NanosPerRecord { get; private set; } = double.MaxValue;

        public void Measure()
        {
            // The processor's time, not the clock's: the machine may have other work.
            var before = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Rounds; i++)
            {
                decoder.Decode(Body, _writer, ReceivedNanos, null, _parse);
            }

            var spent = Environment.CpuUsage.TotalTime - before;
            Check();
            NanosPerRecord = Math.Min(NanosPerRecord, spent.TotalNanoseconds / (DecoderBodies.Records * Rounds));
        }

        /// <summary>All must have made the same of it, or their times mean nothing.</summary>
        private void Check()
        {
            var record = _writer.Count == DecoderBodies.Records ? _writer.ToBatch(ReceivedNanos)[7] : throw new InvalidOperationException($"{Name}: {_writer.Count} records");
            if (!record.Service.SequenceEqual("checkout"u8) || !record.Environment.SequenceEqual("production"u8) || !record.Body.StartsWith("Order 55433 placed"u8)
                || record.TraceId.IsEmpty || record.Severity != Severity.Warn || record.Flags != RecordFlags.None || record.Attributes.IsEmpty
                || record.TimestampNanos / UnixNanos.PerSecond != DecoderBodies.FirstNanos / UnixNanos.PerSecond)
            {
                throw new InvalidOperationException($"{Name}: the record is another one");
            }
        }
    }

    private sealed class EventsDecoder : IBodyDecoder
    {
        private readonly BatchJsonParser _parser = new();

        public void Decode(ReadOnlySpan<byte> body, RecordBatchWriter writer, long receivedNanos, IEventIdFilter? ids, BatchParse result) =>
            _parser.Parse(body, true, writer, receivedNanos, ids, result);
    }
}
