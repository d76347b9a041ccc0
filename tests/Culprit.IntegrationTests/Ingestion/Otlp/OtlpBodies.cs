using System.Globalization;
using System.Text;
using Culprit.Engine.Ingestion.Otlp;

namespace Culprit.IntegrationTests.Ingestion.Otlp;

/// <summary>Requests with one log record each.</summary>
internal static class OtlpBodies
{
    /// <summary>2026-11-23T04:59:50Z.</summary>
    public const ulong Time = 1_795_409_990_000_000_000;

    public static byte[] Log(string message, ulong time = Time)
    {
        var body = new ProtoWriter();
        var (resource, scope, log) = (body.Begin(1), body.Begin(2), body.Begin(2));
        body.Fixed64(1, time);
        var value = body.Begin(5);
        body.Content(1, Encoding.UTF8.GetBytes(message));
        body.End(value);
        body.End(log);
        body.End(scope);
        body.End(resource);
        return body.Written.ToArray();
    }

    public static byte[] JsonLog(string message) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"timeUnixNano\":\"{Time}\",\"body\":{{\"stringValue\":\"{message}\"}}}}]}}]}}]}}"));
}
