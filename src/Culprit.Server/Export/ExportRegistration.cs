using Culprit.Server.Configuration;
using Culprit.Server.Export.Datadog;
using Culprit.Server.Health;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Culprit.Server.Export;

/// <summary><c>/metrics</c> for Prometheus, always; OTLP when a collector and Datadog when a key is configured.</summary>
internal static class ExportRegistration
{
    public static void AddExport(this WebApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton<CulpritMeter>();
        services.AddSingleton<IMetricSource, StageMetrics>();
        var telemetry = services.AddOpenTelemetry()

            // The environment's names come last: they count.
            .ConfigureResource(resource => resource.Clear()
                .AddService("culprit", serviceVersion: HealthEndpoints.Version, serviceInstanceId: Environment.MachineName)
                .AddTelemetrySdk()
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter(CulpritMeter.Name).AddPrometheusExporter(
                prometheus => prometheus.ScopeInfoEnabled = false));
        telemetry.AddTelemetry(settings.Options.Telemetry, Environment.GetEnvironmentVariable);
        if (settings.Options.Datadog.IsOn)
        {
            services.AddDatadog(settings.Options.Datadog);
        }
    }

    public static void MapExport(this IEndpointRouteBuilder routes)
    {
        // Made here, so that the instruments exist before anybody asks.
        _ = routes.ServiceProvider.GetRequiredService<CulpritMeter>();
        routes.MapPrometheusScrapingEndpoint("/metrics");
    }
}
