using Culprit.Server.Configuration;

namespace Culprit.Server.Detection;

/// <summary>The engine and its clock.</summary>
internal static class DetectionRegistration
{
    public static void AddDetection(this WebApplicationBuilder builder, Settings settings)
    {
        builder.Services.AddSingleton(settings.Options.ToPipelineOptions());
        builder.Services.AddSingleton<EngineProgress>();
        builder.Services.AddHostedService<EngineWorker>();
        builder.Services.AddHostedService<TickWriter>();
    }
}
