using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Otlp;
using Culprit.Engine.Records;

namespace Culprit.Tests.Ingestion.Otlp;

/// <summary>What a decoder made of one request.</summary>
internal sealed class OtlpRecords
{
    /// <summary>2026-11-23T05:00:00Z, shortly after the times in the tests.</summary>
    public const long Received = 1_795_410_000_000_000_000;

    private OtlpRecords(RecordBatchWriter writer, BatchParse parse)
    {
        Parse = parse;
        Batch = writer.ToBatch(Received);
    }

    public BatchParse Parse { get; }

    public RecordBatch Batch { get; }

    public static OtlpRecords Read(OtlpSignal signal, string json) => Read(signal, Encoding.UTF8.GetBytes(json), isJson: true);

    public static OtlpRecords Read(OtlpSignal signal, byte[] body, bool isJson) =>
        Read(new OtlpDecoder(signal, isJson, new CumulativePoints()), body);

    public static OtlpRecords Read(OtlpDecoder decoder, byte[] body)
    {
        var (writer, parse) = (new RecordBatchWriter(), new BatchParse());
        decoder.Decode(body, writer, Received, null, parse);
        return new OtlpRecords(writer, parse);
    }

    /// <summary>Each record as a line: time (seconds and nanoseconds), kind, level, service, environment, source, body, attributes, trace, span, flags.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            var lines = new List<string>();
            for (var i = 0; i < Batch.Count; i++)
            {
                var r = Batch[i];
                lines.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{r.TimestampNanos} {r.Kind} {r.Severity} {Text(r.Service)} {Text(r.Environment)} {Text(r.Source)} [{Text(r.Body)}] {Text(r.Attributes)} {Text(r.TraceId)}/{Text(r.SpanId)} {r.Flags}"));
            }

            return lines;
        }
    }

    public LogRecord this[int index] => Batch[index];

    public string Body(int index) => Text(Batch[index].Body);

    public string Attributes(int index) => Text(Batch[index].Attributes);

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
