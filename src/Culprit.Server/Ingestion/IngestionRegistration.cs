using Culprit.Engine.Rules;
using Culprit.Server.Access;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Culprit.Server.Ingestion;

/// <summary>What <c>POST /events</c> needs besides the journal and the clock.</summary>
internal static class IngestionRegistration
{
    /// <param name="types">What custom events are checked against; nothing by default.</param>
    /// <param name="limits">Default: those of a process that may take all the memory of the machine.</param>
    public static WebApplicationBuilder AddIngestion(
        this WebApplicationBuilder builder, EventTypeRegistry? types = null, IngestLimits? limits = null)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyReader.MaxBytes;
        });
        var services = builder.Services;
        limits ??= new IngestLimits(long.MaxValue);
        services.AddSingleton(limits);
        services.AddSingleton(new BodyBudget(limits.MaxBodyBytes));
        services.AddSingleton<MemoryCap>();
        services.AddSingleton<BodyReader>();
        services.AddSingleton<RecentIds>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<IngestionMetrics>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<IngestionMetrics>());
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<IngestionMetrics>());
        services.AddSingleton<IStage>(s => s.GetRequiredService<IngestionMetrics>().Stage);
        services.AddSingleton<IngestPressure>();
        services.TryAddSingleton<RecordFeed>(); // Storage has its own: the journal calls it.
        services.TryAddSingleton(RecordAdmission.Open); // Storage adds the configured one: it knows the retention classes.
        services.AddSingleton(types ?? new EventTypeRegistry());
        services.TryAddSingleton<KeyQuotas>();
        services.AddSingleton<RecordIntake>();
        services.AddSingleton<RepeatedRequests>();
        services.AddSingleton<EventIntake>();
        services.AddSingleton<ShipperIntake>();
        services.AddShippers();
        return builder;
    }
}
