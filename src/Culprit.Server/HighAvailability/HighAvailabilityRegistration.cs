using System.Security.Cryptography;
using Culprit.Engine.Storage;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.Ingestion;
using Culprit.Server.Journal;
using Culprit.Server.Storage;
using Culprit.Server.Storage.Postgres;

namespace Culprit.Server.HighAvailability;

/// <summary>What a server needs that shares its database with another one.</summary>
internal static class HighAvailabilityRegistration
{
    /// <summary>Name of the folder, in the data folder, of what this server has acknowledged and not yet shipped.</summary>
    private const string IntakeFolder = "intake";

    /// <summary>Opens the intake journal and the shared log, and adds who ships, who waits for their turn, and what tells of it.</summary>
    /// <exception cref="StoreRefusedException">The data folder has a journal of a server that ran alone and did not end cleanly.</exception>
    public static async Task<FileJournal> AddHighAvailabilityAsync(
        this IServiceCollection services, CulpritOptions options, PostgresDatabase database, OpenStores stores, IFileSystem files, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var table = new SharedLogTable(database);
        var (former, end) = await FormerJournalAsync(options, files, clock).ConfigureAwait(false);
        if (end > await SnapshotSequenceAsync(stores.State, cancellationToken).ConfigureAwait(false))
        {
            throw new StoreRefusedException(
                $"{Path.GetFullPath(options.Data)} has a journal with events that are not in the database: start this server once without highAvailability and stop it with SIGTERM.");
        }

        var known = await database.ReadAsync(c => PostgresPositions.NewestAsync(c, cancellationToken), cancellationToken).ConfigureAwait(false);
        var (id, last) = await table.OpenAsync(former ?? NewId(), known, cancellationToken).ConfigureAwait(false);
        var intake = await OpenIntakeAsync(options, table, files, clock, cancellationToken).ConfigureAwait(false);
        services.AddSingleton(new ServerRole(PostgresStores.HolderName(options.Urls)));
        services.AddSingleton(table);
        services.AddSingleton(s => new SharedLog(intake, table, id, last, options.Disk.JournalBytes, clock, s.GetRequiredService<ILogger<SharedLog>>()));
        services.AddSingleton<IJournal>(s => s.GetRequiredService<SharedLog>());
        services.AddSingleton<IIdempotencyStore>(_ => new ShippedKeys(stores.Idempotency));
        services.AddSingleton<ForeignEvents>();
        services.AddSingleton<TickHold>();
        services.AddSingleton<LogAppender>();
        services.AddSingleton<LogShipper>();
        services.AddHostedService(s => s.GetRequiredService<LogShipper>());
        services.AddHostedService<Takeover>();
        services.AddActiveService<SharedLogKeeper>();
        services.AddSingleton<HighAvailabilityHealth>();
        services.AddSingleton<IHealthSource>(s => s.GetRequiredService<HighAvailabilityHealth>());
        services.AddSingleton<IMetricSource>(s => s.GetRequiredService<HighAvailabilityHealth>());
        return intake;
    }

    /// <summary>Has routes that need the engine say who runs it, while that is another server.</summary>
    public static void UseHighAvailability(this WebApplication app)
    {
        if (app.Services.GetService<ServerRole>() is not null)
        {
            app.UseMiddleware<StandbyGate>();
        }
    }

    /// <summary>A server that runs alone numbers its own journal: it must not leave behind what two servers have not finished.</summary>
    /// <exception cref="StoreRefusedException">There is such a thing.</exception>
    public static async Task RefuseLeftoversAsync(CulpritOptions options, PostgresDatabase database, IStateStore state, CancellationToken cancellationToken)
    {
        if (await SharedLogTable.HasAfterAsync(database, await SnapshotSequenceAsync(state, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false))
        {
            throw new StoreRefusedException(
                $"{database.Url.Name} has events of two servers that the engine has not seen: start this server with highAvailability, wait until it is active, and stop it with SIGTERM.");
        }

        var folder = StorageRegistration.JournalOptionsOf(options, IntakeFolder).Folder;
        if (Directory.Exists(folder))
        {
            var files = PosixFileSystem.OfThisSystem();
            await using var intake = Open(options, IntakeFolder, files, TimeProvider.System, 0);
            if (intake.LastSequence > await new SharedLogTable(database).ShippedAsync(intake.Id, cancellationToken).ConfigureAwait(false))
            {
                throw new StoreRefusedException(
                    $"{folder} has events that are not in the database: start this server with highAvailability, and stop it with SIGTERM.");
            }
        }
    }

    private static async Task<long> SnapshotSequenceAsync(IStateStore state, CancellationToken cancellationToken) =>
        (await state.LoadSnapshotAsync(cancellationToken).ConfigureAwait(false))?.Sequence ?? 0;

    /// <summary>Id and end of the journal of the time when this server ran alone: records of then are found by that id.</summary>
    private static async Task<(ulong? Id, long End)> FormerJournalAsync(CulpritOptions options, IFileSystem files, TimeProvider clock)
    {
        var folder = StorageRegistration.JournalOptionsOf(options, StorageRegistration.JournalFolder).Folder;
        if (!Directory.Exists(folder) || Directory.GetFiles(folder, "*.wal").Length == 0)
        {
            return (null, 0);
        }

        await using var journal = Open(options, StorageRegistration.JournalFolder, files, clock, 0);
        return (journal.Id, journal.LastSequence);
    }

    private static async Task<FileJournal> OpenIntakeAsync(
        CulpritOptions options, SharedLogTable table, IFileSystem files, TimeProvider clock, CancellationToken cancellationToken)
    {
        var intake = Open(options, IntakeFolder, files, clock, 0);
        long shipped;
        try
        {
            shipped = await table.ShippedAsync(intake.Id, cancellationToken).ConfigureAwait(false);
            if (shipped <= intake.LastSequence)
            {
                return intake;
            }
        }
        catch
        {
            await intake.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        // Its end was lost, with a power cut say: numbers that were shipped must not come again.
        await intake.DisposeAsync().ConfigureAwait(false);
        return Open(options, IntakeFolder, files, clock, shipped);
    }

    private static FileJournal Open(CulpritOptions options, string name, IFileSystem files, TimeProvider clock, long known) =>
        FileJournal.Open(StorageRegistration.JournalOptionsOf(options, name), files, clock, null, known);

    private static ulong NewId() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) | 1;
}
