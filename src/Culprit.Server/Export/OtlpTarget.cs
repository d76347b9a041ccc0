using Culprit.Server.Configuration;
using OpenTelemetry.Exporter;

namespace Culprit.Server.Export;

/// <summary>Where one kind of Culprit's own telemetry goes: configuration first, then the variables of the kind, then those of all kinds.</summary>
/// <remarks>The library reads the general variables by itself; those of a kind, and what decides whether anything is sent at all, are read here.</remarks>
internal sealed record OtlpTarget(Uri Endpoint, OtlpExportProtocol Protocol, string? Headers, int TimeoutMilliseconds)
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";

    // Shorter than the specification's 10 s, because a collector that hangs must not use up the time in which a stop must be done.
    private const int DefaultTimeoutMilliseconds = 4000;

    public static OtlpTarget? ForTraces(TelemetrySection section, Func<string, string?> environment) =>
        section.Traces ? Of(section, "TRACES", environment) : null;

    public static OtlpTarget? ForMetrics(TelemetrySection section, Func<string, string?> environment) =>
        section.Metrics ? Of(section, "METRICS", environment) : null;

    /// <summary>What is wrong with the environment; each names variable, value and what is allowed.</summary>
    public static IEnumerable<string> Mistakes(Func<string, string?> environment)
    {
        foreach (var kind in new[] { "", "TRACES_", "METRICS_" })
        {
            if (environment(Prefix + kind + "ENDPOINT") is { Length: > 0 } endpoint && !TelemetrySection.IsAddress(endpoint))
            {
                yield return $"{Prefix}{kind}ENDPOINT: the value (not repeated here, as it may hold a password) is not allowed; use http://HOST:PORT or https://HOST:PORT.";
            }

            if (environment(Prefix + kind + "PROTOCOL") is { Length: > 0 } protocol && protocol is not (TelemetrySection.Grpc or TelemetrySection.HttpProtobuf))
            {
                yield return $"{Prefix}{kind}PROTOCOL: '{protocol}' is not allowed; use {TelemetrySection.Grpc} or {TelemetrySection.HttpProtobuf}.";
            }
        }
    }

    /// <param name="self">A header that marks these requests as this server's own.</param>
    public void Apply(OtlpExporterOptions options, string self)
    {
        options.Protocol = Protocol;
        options.Endpoint = Endpoint;
        options.Headers = string.IsNullOrEmpty(Headers) ? self : $"{Headers},{self}";
        options.TimeoutMilliseconds = TimeoutMilliseconds;
    }

    private static OtlpTarget? Of(TelemetrySection section, string kind, Func<string, string?> environment)
    {
        if (string.Equals(environment("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
            || string.Equals(environment($"OTEL_{kind}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var own = section.Endpoint is null ? Text(environment($"{Prefix}{kind}_ENDPOINT")) : null;
        if ((own ?? section.Endpoint ?? Text(environment(Prefix + "ENDPOINT"))) is not { } endpoint)
        {
            return null;
        }

        var isHttp = (section.Protocol ?? For("PROTOCOL")) == TelemetrySection.HttpProtobuf;
        var address = new Uri(endpoint);

        // Over HTTP, an address for all kinds is the root of theirs; one for a kind is taken as it is.
        if (isHttp && own is null)
        {
            address = new Uri($"{endpoint.TrimEnd('/')}/v1/{kind.ToLowerInvariant()}");
        }

        return new OtlpTarget(
            address,
            isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
            For("HEADERS"),
            int.TryParse(For("TIMEOUT"), System.Globalization.CultureInfo.InvariantCulture, out var timeout) && timeout > 0 ? timeout : DefaultTimeoutMilliseconds);

        string? For(string name) => Text(environment($"{Prefix}{kind}_{name}")) ?? Text(environment(Prefix + name));
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
