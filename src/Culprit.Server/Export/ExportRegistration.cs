using Culprit.Server.Configuration;
using Culprit.Server.Export.Datadog;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Culprit.Server.Export;

/// <summary><c>/metrics</c> for Prometheus, always; Datadog when a key is configured.</summary>
internal static class ExportRegistration
{
    public static void AddExport(this WebApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton<CulpritMeter>();
        services.AddSingleton<IMetricSource, StageMetrics>();
        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("culprit", autoGenerateServiceInstanceId: false))
            .WithMetrics(metrics => metrics.AddMeter(CulpritMeter.Name).AddPrometheusExporter(
                prometheus => prometheus.ScopeInfoEnabled = false));
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
