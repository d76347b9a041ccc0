namespace Culprit.Server.Configuration;

/// <summary>Culprit's own traces and metrics by OTLP (docs/metrics.md). The environment variables of OpenTelemetry's specification count, too; keys that are set here come first.</summary>
internal sealed class TelemetrySection
{
    /// <summary>Where they go, such as <c>http://collector:4317</c>. Default: as <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says; without either, nothing is sent.</summary>
    public string? Endpoint { get; set; }

    /// <summary><c>grpc</c> or <c>http/protobuf</c>. Default: as <c>OTEL_EXPORTER_OTLP_PROTOCOL</c> says, else <c>grpc</c>.</summary>
    public string? Protocol { get; set; }

    /// <summary>Share of requests and engine steps that are traced, 0 to 1, unless <c>OTEL_TRACES_SAMPLER</c> says how. Default 0.1. Explanations, deliveries and model calls are all traced.</summary>
    public double SampleShare { get; set; } = 0.1;

    /// <summary>False: no traces are sent. Default true.</summary>
    public bool Traces { get; set; } = true;

    /// <summary>False: no metrics are sent; <c>/metrics</c> has them. Default true.</summary>
    public bool Metrics { get; set; } = true;

    internal void Check(Action<bool, string, object, string> check)
    {
        check(
            Endpoint is null || IsAddress(Endpoint),
            "telemetry:endpoint",
            Endpoint?.Contains('@', StringComparison.Ordinal) == true ? "(not shown)" : Endpoint ?? "",
            "http://HOST:PORT or https://HOST:PORT");
        check(Protocol is null or Grpc or HttpProtobuf, "telemetry:protocol", Protocol ?? "", $"{Grpc} or {HttpProtobuf}");
        check(SampleShare is >= 0 and <= 1, "telemetry:sampleShare", SampleShare, "0 to 1");
    }

    internal const string Grpc = "grpc";
    internal const string HttpProtobuf = "http/protobuf";

    internal static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
}
