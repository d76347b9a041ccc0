using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Server.Patterns;

/// <summary>The patterns of files for scripts. <c>others</c> makes the counts add up to <c>records</c>.</summary>
internal static class PatternsJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.Default };

    public static void Write(PatternsReport report, Stream output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteNumber("records", report.Records);
        json.WriteNumber("patterns_found", report.Found);
        json.WriteStartArray("patterns");
        foreach (var entry in report.Shown)
        {
            Write(json, entry, report.Records);
        }

        json.WriteEndArray();
        json.WriteNumber("others", report.Others);
        json.WriteStartArray("problems");
        foreach (var problem in report.Problems)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PatternEntry entry, long records)
    {
        json.WriteStartObject();
        json.WriteString("id", entry.Id.ToString());
        json.WriteString("pattern", entry.Text);
        json.WriteNumber("count", entry.Count);
        json.WriteNumber("share", Math.Round((double)entry.Count / records, 6));
        json.WriteString("first_seen", UnixNanos.ToTime(entry.FirstNanos));
        json.WriteString("last_seen", UnixNanos.ToTime(entry.LastNanos));
        json.WriteStartArray("services");
        foreach (var service in entry.Services)
        {
            json.WriteStringValue(service);
        }

        json.WriteEndArray();
        json.WriteString("sample", entry.Sample);
        json.WriteNumber("sampled", entry.Sampled);
        json.WriteStartArray("parameters");
        foreach (var parameter in entry.Parameters)
        {
            Write(json, parameter);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ParameterTally parameter)
    {
        json.WriteStartObject();
        json.WriteString("name", parameter.Name.Length > 0 ? parameter.Name : null);
        json.WriteString("kind", KindName(parameter.Kind));
        json.WriteNumber("distinct", parameter.Distinct);
        json.WriteBoolean("distinct_or_more", parameter.Distinct == ParameterTally.MaxDistinct);
        if (!parameter.Numbers.IsEmpty)
        {
            var unit = UnitOf(parameter.Kind);
            json.WriteString("unit", unit);
            json.WriteNumber("p50", parameter.Numbers.Quantile(0.5));
            json.WriteNumber("p95", parameter.Numbers.Quantile(0.95));
            json.WriteNumber("max", parameter.Numbers.Max);
        }

        json.WriteStartArray("top");
        foreach (var (value, count) in parameter.Top)
        {
            json.WriteStartObject();
            json.WriteString("value", value);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static string KindName(ParameterKind kind) => kind switch
    {
        ParameterKind.Word => "word",
        ParameterKind.Number => "number",
        ParameterKind.Duration => "duration",
        ParameterKind.Size => "size",
        ParameterKind.Ip => "ip",
        ParameterKind.Host => "host",
        ParameterKind.Peer => "peer",
        ParameterKind.Url => "url",
        ParameterKind.Path => "path",
        ParameterKind.Email => "email",
        ParameterKind.Id => "id",
        ParameterKind.Time => "time",
        ParameterKind.Text => "text",
        _ => throw new System.Diagnostics.UnreachableException($"Unknown kind {kind}."),
    };

    private static string? UnitOf(ParameterKind kind) => kind switch
    {
        ParameterKind.Duration => "ns",
        ParameterKind.Size => "bytes",
        _ => null,
    };
}
