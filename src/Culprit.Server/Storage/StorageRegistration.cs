using Culprit.Engine;
using Culprit.Engine.Storage;
using Culprit.Server.Access;
using Culprit.Server.Backups;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage.Embedded;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.Storage;

/// <summary>Journal and stores, opened before anything can use them.</summary>
internal static class StorageRegistration
{
    /// <summary>Name of the journal's folder in the data folder.</summary>
    internal const string JournalFolder = "journal";

    /// <summary>Opens the journal in the data folder, and the stores there or in a database. The container closes them in reverse order: the journal first.</summary>
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
        var stores = StoreUrl.TryParse(options.Store, out var url)
            ? await PostgresStores.OpenAsync(options, url, clock, loggers, cancellationToken).ConfigureAwait(false)
            : await EmbeddedStores.OpenAsync(options, folder, limits, clock, loggers, cancellationToken).ConfigureAwait(false);
        var feed = new RecordFeed(stores.Records, limits, clock, stores.IsAway);
        FileJournal journal;
        if (stores.Shared is { } shared)
        {
            journal = await builder.Services.AddHighAvailabilityAsync(options, shared, stores, files, clock, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var known = Math.Max(
                stores.Records.AppliedSequence, await stores.State.GetEnginePositionAsync(cancellationToken).ConfigureAwait(false));
            journal = FileJournal.Open(JournalOptionsOf(options, JournalFolder), files, clock, feed.Commit, known);
            builder.Services.AddSingleton<IJournal>(_ => journal);
            builder.Services.AddSingleton(_ => stores.Idempotency);
        }

        // By factories, so that the container disposes what it did not make.
        stores.Add(builder.Services);
        builder.Services.AddSingleton<IStateStore>(services => new ScopedStateStore(stores.StateInUse?.Invoke(services) ?? stores.State));
        builder.Services.AddSingleton(_ => stores.Letters);
        builder.Services.AddSingleton(_ => stores.Feedback);
        builder.Services.AddSingleton(_ => stores.Threads);
        builder.Services.AddSingleton(_ => stores.Keys);
        builder.Services.AddSingleton(_ => stores.Silences);
        builder.Services.AddSingleton<IRecordStore>(_ => new ScopedRecordStore(stores.Records));
        builder.Services.AddSingleton(_ => journal);
        builder.Services.AddSingleton<IHealthSource, StorageHealth>();
        builder.Services.AddSingleton<IMetricSource, JournalMetrics>();
        builder.Services.AddSingleton<IStage, JournalStage>();
        builder.Services.AddSingleton<IStage, StoreStage>();
        builder.Services.AddSingleton(feed);
        builder.Services.AddSingleton<StopReason>();
        builder.Services.AddSingleton<IdempotencyArchive>();
        builder.Services.AddSingleton<StorageRecovery>();
        builder.Services.AddHostedService(_ => reserve);
        builder.Services.AddSingleton<IHealthSource>(_ => reserve);
        builder.Services.AddActiveService<StoreWriter>();
        builder.Services.AddSingleton(new RecordAdmission([.. options.Admission.Select(r => r.ToRule(stores.Classes.NumberOf))]));
    }

    /// <summary>What the journal in a folder of the data folder is to be like.</summary>
    internal static JournalOptions JournalOptionsOf(CulpritOptions options, string name) => new()
    {
        Folder = Path.Combine(Path.GetFullPath(options.Data), name),
        Durability = options.Durability == "async" ? Durability.Async : Durability.Sync,
        MaxBytes = options.Disk.JournalBytes,
        MaxDiskUse = options.Disk.MaxUsedPercent / 100,
    };

    /// <exception cref="StateDatabaseException">A newer Culprit froze the engine in this store.</exception>
    public static async Task RefuseNewerSnapshotAsync(IStateStore state, string name, string instead, CancellationToken cancellationToken)
    {
        if (await state.LoadSnapshotAsync(cancellationToken).ConfigureAwait(false) is { Version: > Pipeline.SnapshotVersion } newer)
        {
            throw new StateDatabaseException(
                $"{name} has an engine snapshot of version {newer.Version}, this Culprit knows versions up to {Pipeline.SnapshotVersion}. "
                + $"It was written by a newer Culprit: use that version, or {instead}.");
        }
    }
}
