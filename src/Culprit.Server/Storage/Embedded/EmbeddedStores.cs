using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Ingestion;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Opens the stores in the data folder.</summary>
internal static class EmbeddedStores
{
    public static async Task<OpenStores> OpenAsync(
        CulpritOptions options, string folder, IngestLimits limits, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var database = StateDatabase.Open(folder);
        var state = new EmbeddedStateStore(database);
        await StorageRegistration.RefuseNewerSnapshotAsync(state, folder, "another data folder", cancellationToken).ConfigureAwait(false);
        var classes = await RetentionClassTable.LoadAsync(
            database, AdmissionSection.Times(options.Admission, options.Retention), cancellationToken).ConfigureAwait(false);
        var records = await EmbeddedRecordStore.OpenAsync(
            folder, database, new EmbeddedStoreOptions
            {
                Classes = classes,
                MaxSegmentBytes = limits.MaxSegmentBytes,
                MaxMergeBytes = limits.MaxMergeBytes,
                QueryMemoryMebibytes = limits.QueryMebibytes,
            },
            clock, loggers.CreateLogger<EmbeddedRecordStore>(), cancellationToken)
            .ConfigureAwait(false);
        return new OpenStores(
            records,
            state,
            new EmbeddedDeadLetterStore(database),
            new EmbeddedFeedbackStore(database),
            new EmbeddedAlertThreadStore(database),
            new EmbeddedIdempotencyStore(database),
            new EmbeddedKeyStore(database),
            new EmbeddedSilenceStore(database),
            classes,
            services => Add(services, database, records, state, RetentionPolicy.From(options.Retention)));
    }

    private static void Add(
        IServiceCollection services, StateDatabase database, EmbeddedRecordStore records, EmbeddedStateStore state, RetentionPolicy policy)
    {
        services.AddSingleton(_ => database);
        services.AddSingleton<IMetricSource>(_ => new StoreMetrics(records));
        services.AddSingleton(provider => new RetentionWorker(
            records,
            state,
            policy,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RetentionWorker>>()));
        services.AddSingleton<IHealthSource>(provider => provider.GetRequiredService<RetentionWorker>());
        services.AddSingleton<IStage>(provider => provider.GetRequiredService<RetentionWorker>().Stage);
        services.AddHostedService(provider => provider.GetRequiredService<RetentionWorker>());
        services.AddSingleton(provider => new CompactionWorker(
            records,
            policy,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CompactionWorker>>()));
        services.AddSingleton<IHealthSource>(provider => provider.GetRequiredService<CompactionWorker>());
        services.AddSingleton<IMetricSource>(provider => provider.GetRequiredService<CompactionWorker>());
        services.AddHostedService(provider => provider.GetRequiredService<CompactionWorker>());
    }
}
