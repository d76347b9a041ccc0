using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Configuration;
using Culprit.Server.HighAvailability;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Culprit.Server.Export.Datadog;

/// <summary>The exporter and what it counts.</summary>
internal static class DatadogRegistration
{
    public static void AddDatadog(this IServiceCollection services, DatadogSection section)
    {
        services.TryAddSingleton<INetwork, SystemNetwork>();
        services.AddSingleton(new DatadogTarget(section));
        services.AddSingleton<DatadogMetrics>();
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<DatadogMetrics>());
        services.AddActiveService<DatadogExporter>();
    }
}
