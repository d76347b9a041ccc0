using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Culprit.Engine.Flows;
using Culprit.Engine.Records;

namespace Culprit.Server.Analysis;

/// <summary>One JSON line for each session that was followed, for <c>analyze --sessions</c>.</summary>
internal sealed class SessionsFile : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Default };

    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _json;

    public SessionsFile(Stream output)
    {
        _output = output;
        _json = new Utf8JsonWriter(_line, Options);
    }

    public void Add(FlowVerdict verdict)
    {
        _json.WriteStartObject();
        _json.WriteString("session", verdict.Session);
        _json.WriteBoolean("anomalous", verdict.IsAnomalous);
        _json.WriteNumber("score", Math.Round(verdict.Score, 6));
        if (verdict.IsFirstAnomalous is { } first)
        {
            _json.WriteBoolean("first_anomalous", first);
        }
        else
        {
            _json.WriteNull("first_anomalous");
        }

        _json.WriteBoolean("slow", verdict.Slow is not null);
        _json.WriteNumber("slow_score", Math.Round(verdict.Slow?.Score ?? 0, 6));
        _json.WriteString("key", verdict.Key);
        _json.WriteBoolean("open", verdict.IsOpen);
        _json.WriteString("started_at", UnixNanos.ToTime(verdict.StartNanos));
        _json.WriteString("last_seen_at", UnixNanos.ToTime(verdict.LastNanos));
        _json.WriteNumber("records", verdict.Records);
        _json.WriteString("explanation", verdict.Explanation);
        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _output.Write(_line.WrittenSpan);
        _output.WriteByte((byte)'\n');
        _line.ResetWrittenCount();
    }

    public void Dispose()
    {
        _json.Dispose();
        _output.Dispose();
    }
}
