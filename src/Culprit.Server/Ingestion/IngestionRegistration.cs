using Culprit.Engine.Rules;
using Culprit.Server.Health;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Culprit.Server.Ingestion;

/// <summary>What <c>POST /events</c> needs besides the journal and the clock.</summary>
internal static class IngestionRegistration
{
    // Four bodies of the largest size, sent and inflated, or many ordinary ones.
    private const long MaxBytesInFlight = 512L * 1024 * 1024;

    /// <param name="types">What custom events are checked against; nothing by default.</param>
    public static WebApplicationBuilder AddIngestion(this WebApplicationBuilder builder, EventTypeRegistry? types = null)
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
        services.AddSingleton<IngestPressure>();
        services.TryAddSingleton(RecordAdmission.Open); // Storage adds the configured one: it knows the retention classes.
        services.AddSingleton(types ?? new EventTypeRegistry());
        services.AddSingleton<EventIntake>();
        return builder;
    }
}
