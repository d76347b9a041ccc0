using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Tests.Ingestion.Lines;

/// <summary>Runs text through the line formats and shows what came out.</summary>
internal static class LineText
{
    /// <summary>2024-03-01T00:00:00Z: when the streams of the tests were last written.</summary>
    public const long Written = 1_709_251_200L * 1_000_000_000;

    public static LineAssembler Read(byte[] bytes, int chunk = int.MaxValue, LineStreamOptions? options = null)
    {
        var assembler = new LineAssembler(options ?? new LineStreamOptions { Service = "file", WrittenNanos = Written });
        for (var at = 0; at < bytes.Length; at += Math.Min(chunk, bytes.Length))
        {
            assembler.Write(bytes.AsSpan(at, Math.Min(chunk, bytes.Length - at)));
        }

        assembler.Finish();
        return assembler;
    }

    public static LineAssembler Read(string text) => Read(Encoding.UTF8.GetBytes(text));

    /// <summary>Every record on a line of its own: time, severity, service, flags, body, then what else it has.</summary>
    public static List<string> Show(this LineAssembler assembler)
    {
        var shown = new List<string>();
        while (assembler.TryTake(out var batch))
        {
            for (var i = 0; i < batch!.Count; i++)
            {
                shown.Add(Show(batch[i]));
            }
        }

        return shown;
    }

    public static string Show(in LogRecord record)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{UnixNanos.ToTime(record.TimestampNanos).UtcDateTime:yyyy-MM-ddTHH:mm:ss.ffffff}");
        text.Append(CultureInfo.InvariantCulture, $" {record.Severity.ToWire()} {Text(record.Service)} {Quote(record.Body)}");
        Append(text, "env", Text(record.Environment) == "default" ? "" : Text(record.Environment));
        Append(text, "trace", Text(record.TraceId));
        Append(text, "span", Text(record.SpanId));
        Append(text, "flags", record.Flags == RecordFlags.None ? "" : record.Flags.ToString());
        Append(text, "attributes", Text(record.Attributes));
        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" {name}={value}");
        }
    }

    private static string Quote(ReadOnlySpan<byte> text) =>
        "'" + Text(text).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "'";

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
