using Culprit.Engine;
using Culprit.Engine.Storage;
using Culprit.Server.Backups;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Storage;

/// <summary>Journal and embedded stores, opened before anything can use them.</summary>
internal static class StorageRegistration
{
    /// <summary>Opens everything below the data folder. The container closes it in reverse order: the journal first.</summary>
    public static async Task AddStorageAsync(this WebApplicationBuilder builder, Settings settings, CancellationToken cancellationToken)
    {
        var options = settings.Options;
        var folder = Path.GetFullPath(options.Data);
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(builder.Configuration.GetSection("Logging")));
        var clock = TimeProvider.System;
        var files = PosixFileSystem.OfThisSystem();
        var limits = options.Memory.ToLimits();
        files.CreateFolder(folder);
        DataRestore.Refuse(folder);
        var reserve = new DiskReserve(folder, options.Disk.ReserveBytes, files, clock, loggers.CreateLogger<DiskReserve>());
        reserve.Adjust();
        var database = StateDatabase.Open(folder);
        var state = new EmbeddedStateStore(database);
        if (await state.LoadSnapshotAsync(cancellationToken).ConfigureAwait(false) is { Version: > Pipeline.SnapshotVersion } newer)
        {
            throw new StateDatabaseException(
                $"{folder} has an engine snapshot of version {newer.Version}, this Culprit knows versions up to {Pipeline.SnapshotVersion}. "
                + "It was written by a newer Culprit: use that version, or another data folder.");
        }

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
        var known = Math.Max(records.AppliedSequence, await state.GetEnginePositionAsync(cancellationToken).ConfigureAwait(false));
        var feed = new RecordFeed(records, limits, clock);
        var journal = FileJournal.Open(
            new JournalOptions
            {
                Folder = Path.Combine(folder, "journal"),
                Durability = options.Durability == "async" ? Durability.Async : Durability.Sync,
                MaxBytes = options.Disk.JournalBytes,
                MaxDiskUse = options.Disk.MaxUsedPercent / 100,
            },
            files,
            clock,
            feed.Commit,
            known);

        // By factories, so that the container disposes what it did not make.
        builder.Services.AddSingleton(_ => database);
        builder.Services.AddSingleton<IStateStore>(_ => state);
        builder.Services.AddSingleton<IDeadLetterStore>(_ => new EmbeddedDeadLetterStore(database));
        builder.Services.AddSingleton<IFeedbackStore>(_ => new EmbeddedFeedbackStore(database));
        builder.Services.AddSingleton<IRecordStore>(_ => records);
        builder.Services.AddSingleton<IJournal>(_ => journal);
        builder.Services.AddSingleton(_ => journal);
        builder.Services.AddSingleton<IHealthSource, StorageHealth>();
        builder.Services.AddSingleton<IMetricSource, JournalMetrics>();
        builder.Services.AddSingleton<IMetricSource>(_ => new StoreMetrics(records));
        builder.Services.AddSingleton(feed);
        builder.Services.AddSingleton<IdempotencyArchive>();
        builder.Services.AddSingleton<StorageRecovery>();
        builder.Services.AddHostedService(_ => reserve);
        builder.Services.AddHostedService<StoreWriter>();
        builder.Services.AddSingleton(new RecordAdmission([.. options.Admission.Select(r => r.ToRule(classes.NumberOf))]));
        builder.Services.AddSingleton(services => new RetentionWorker(
            records,
            state,
            RetentionPolicy.From(options.Retention),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<RetentionWorker>>()));
        builder.Services.AddSingleton<IHealthSource>(services => services.GetRequiredService<RetentionWorker>());
        builder.Services.AddHostedService(services => services.GetRequiredService<RetentionWorker>());
        builder.Services.AddSingleton(services => new CompactionWorker(
            records,
            RetentionPolicy.From(options.Retention),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<CompactionWorker>>()));
        builder.Services.AddSingleton<IHealthSource>(services => services.GetRequiredService<CompactionWorker>());
        builder.Services.AddSingleton<IMetricSource>(services => services.GetRequiredService<CompactionWorker>());
        builder.Services.AddHostedService(services => services.GetRequiredService<CompactionWorker>());
    }
}
