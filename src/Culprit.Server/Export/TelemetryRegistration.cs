using System.Security.Cryptography;
using Culprit.Server.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Culprit.Server.Export;

/// <summary>Culprit's own traces and metrics to a collector, when one is configured.</summary>
internal static class TelemetryRegistration
{
    private const string SelfHeader = "x-culprit-telemetry";

    // Asked all the time, by machines.
    private static readonly string[] Untraced = ["/health", "/ready", "/metrics"];

    /// <param name="environment">Reads an environment variable.</param>
    public static void AddTelemetry(this OpenTelemetryBuilder telemetry, TelemetrySection section, Func<string, string?> environment)
    {
        var self = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        if (OtlpTarget.ForMetrics(section, environment) is { } metrics)
        {
            telemetry.WithMetrics(builder => builder.AddOtlpExporter("metrics", options => metrics.Apply(options, $"{SelfHeader}={self}")));
        }

        if (OtlpTarget.ForTraces(section, environment) is { } traces)
        {
            telemetry.WithTracing(builder =>
            {
                builder.AddSource(Tracing.Name, Tracing.ModelName)
                    .AddAspNetCoreInstrumentation(options =>
                    {
                        options.Filter = context => IsTraced(context, self);

                        // What people search for is text of logs.
                        options.EnrichWithHttpRequest = (span, _) => span.SetTag("url.query", null);
                    })
                    .AddOtlpExporter("traces", options => traces.Apply(options, $"{SelfHeader}={self}"));
                if (string.IsNullOrEmpty(environment("OTEL_TRACES_SAMPLER")))
                {
                    builder.SetSampler(new ParentBasedSampler(new WorkSampler(section.SampleShare)));
                }
            });
        }
    }

    /// <summary>Not what this server sends to itself: taking it in would make the next of it.</summary>
    private static bool IsTraced(HttpContext context, string self) =>
        context.Request.Headers[SelfHeader] != self
        && !Array.Exists(Untraced, path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal));
}
