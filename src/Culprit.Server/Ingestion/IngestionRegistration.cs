using Culprit.Server.Export;
using Culprit.Server.Health;

namespace Culprit.Server.Ingestion;

/// <summary>What <c>POST /events</c> needs besides the journal and the clock.</summary>
internal static class IngestionRegistration
{
    // Four bodies of the largest size, sent and inflated, or many ordinary ones.
    private const long MaxBytesInFlight = 512L * 1024 * 1024;

    public static WebApplicationBuilder AddIngestion(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyReader.MaxBytes;
        });
        var services = builder.Services;
        services.AddSingleton(new BodyBudget(MaxBytesInFlight));
        services.AddSingleton<BodyReader>();
        services.AddSingleton<RecentIds>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<IngestionMetrics>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<IngestionMetrics>());
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<IngestionMetrics>());
        services.AddSingleton<IngestPressure>();
        services.AddSingleton<EventIntake>();
        return builder;
    }
}
