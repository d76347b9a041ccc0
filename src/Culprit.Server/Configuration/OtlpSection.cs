namespace Culprit.Server.Configuration;

/// <summary>Addresses for OpenTelemetry's protocol (docs/otlp.md), beside <c>/v1/logs</c>, <c>/v1/traces</c> and <c>/v1/metrics</c> on the server's own.</summary>
internal sealed class OtlpSection
{
    public const string DefaultGrpcUrl = "http://127.0.0.1:4317";
    public const string DefaultHttpUrl = "http://127.0.0.1:4318";

    /// <summary>For no address.</summary>
    public const string Nowhere = "none";

    /// <summary>Address for gRPC, or <c>none</c>. Default <c>http://127.0.0.1:4317</c> if that port is free; a configured one must be.</summary>
    public string? GrpcUrl { get; set; }

    /// <summary>Address for HTTP, or <c>none</c>. Default <c>http://127.0.0.1:4318</c> if that port is free; a configured one must be.</summary>
    public string? HttpUrl { get; set; }

    internal void Check(Action<bool, string, object, string> check)
    {
        Check(GrpcUrl, "otlp:grpcUrl", check);
        Check(HttpUrl, "otlp:httpUrl", check);
    }

    private static void Check(string? url, string key, Action<bool, string, object, string> check)
    {
        var isUrl = url is null or Nowhere || (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri is { Scheme: "http", AbsolutePath: "/" });
        check(isUrl, key, url ?? string.Empty, "http://ADDRESS:PORT or none");
    }
}
