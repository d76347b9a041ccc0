using Culprit.Server.Configuration;
using Culprit.Server.Export;
using OpenTelemetry.Exporter;

namespace Culprit.Tests.Export;

/// <summary>Where Culprit's own telemetry goes, by configuration and by OpenTelemetry's variables.</summary>
public sealed class OtlpTargetTests
{
    private readonly Dictionary<string, string> _environment = [];

    [Fact]
    public void NothingIsSentUnlessSomebodySaysWhereTo()
    {
        _environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc";

        Assert.Null(Traces(new TelemetrySection()));
        Assert.Null(Metrics(new TelemetrySection()));
    }

    [Theory]
    [InlineData(null, "http://c:4317/", "http://c:4317/")]
    [InlineData("grpc", "http://c:4317/", "http://c:4317/")]
    [InlineData("http/protobuf", "http://c:4317/v1/traces", "http://c:4317/v1/metrics")]
    public void OneAddressServesBothKinds(string? protocol, string traces, string metrics)
    {
        var section = new TelemetrySection { Endpoint = "http://c:4317", Protocol = protocol };
        var isHttp = protocol == "http/protobuf";

        Assert.Equal((new Uri(traces), isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc), (Traces(section)!.Endpoint, Traces(section)!.Protocol));
        Assert.Equal(new Uri(metrics), Metrics(section)!.Endpoint);
    }

    [Fact]
    public void WhatTheEnvironmentSaysOfAKindComesBeforeWhatItSaysOfAll()
    {
        _environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://all:4318/base/";
        _environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        _environment["OTEL_EXPORTER_OTLP_HEADERS"] = "a=1";
        _environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://traces:9/as-it-is";
        _environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = "b=2";
        _environment["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"] = "77";

        var (traces, metrics) = (Traces(new TelemetrySection())!, Metrics(new TelemetrySection())!);

        Assert.Equal((new Uri("http://traces:9/as-it-is"), "b=2"), (traces.Endpoint, traces.Headers));
        Assert.Equal((new Uri("http://all:4318/base/v1/metrics"), "a=1", 77), (metrics.Endpoint, metrics.Headers, metrics.TimeoutMilliseconds));
    }

    [Fact]
    public void TheConfigurationComesBeforeTheEnvironment()
    {
        _environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = _environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://other:4318";

        Assert.Equal("here", Traces(new TelemetrySection { Endpoint = "http://here:4317" })!.Endpoint.Host);
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true", false, false)]
    [InlineData("OTEL_TRACES_EXPORTER", "none", false, true)]
    [InlineData("OTEL_METRICS_EXPORTER", "none", true, false)]
    public void TheEnvironmentSwitchesOff(string name, string value, bool traces, bool metrics)
    {
        _environment[name] = value;
        var section = new TelemetrySection { Endpoint = "http://c:4317" };

        Assert.Equal((traces, metrics), (Traces(section) is not null, Metrics(section) is not null));
    }

    [Fact]
    public void TheConfigurationSwitchesOff()
    {
        var section = new TelemetrySection { Endpoint = "http://c:4317", Traces = false, Metrics = false };

        Assert.Null(Traces(section));
        Assert.Null(Metrics(section));
    }

    [Fact]
    public void MistakesNameTheVariableAndShowNoPassword()
    {
        _environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://user:secret@c:4317";
        _environment["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] = "http/json";

        var mistakes = OtlpTarget.Mistakes(Read).ToList();

        Assert.Equal(2, mistakes.Count);
        Assert.StartsWith("OTEL_EXPORTER_OTLP_ENDPOINT: ", mistakes[0], StringComparison.Ordinal);
        Assert.Contains("'http/json' is not allowed; use grpc or http/protobuf.", mistakes[1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", mistakes[0], StringComparison.Ordinal);
    }

    private OtlpTarget? Traces(TelemetrySection section) => OtlpTarget.ForTraces(section, Read);

    private OtlpTarget? Metrics(TelemetrySection section) => OtlpTarget.ForMetrics(section, Read);

    private string? Read(string name) => _environment.GetValueOrDefault(name);
}
