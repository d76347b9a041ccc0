using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;

namespace Culprit.Server.Detection;

/// <summary>The engine and its clock.</summary>
internal static class DetectionRegistration
{
    public static void AddDetection(this WebApplicationBuilder builder, Settings settings)
    {
        builder.Services.AddSingleton(settings.Options.ToPipelineOptions());
        builder.Services.AddSingleton<EngineProgress>();
        builder.Services.AddSingleton<IHealthSource, EngineHealth>();
        builder.Services.AddSingleton<DetectionMetrics>();
        builder.Services.AddSingleton<IMetricSource>(s => s.GetRequiredService<DetectionMetrics>());
        builder.Services.AddSingleton<IStage>(s => s.GetRequiredService<DetectionMetrics>().Engine);
        builder.Services.AddSingleton<IStage>(s => s.GetRequiredService<DetectionMetrics>().Incidents);
        builder.Services.AddSingleton<IStage>(s => s.GetRequiredService<DetectionMetrics>().RootCause);
        builder.Services.AddSingleton<IMetricSource, EngineMetrics>();
        builder.Services.AddActiveService<EngineWorker>();
        builder.Services.AddActiveService<TickWriter>();
    }
}
