using System.Globalization;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
using Culprit.Server.HighAvailability;
using Culprit.Server.Storage.Moving;

namespace Culprit.Server.Storage.Postgres;

/// <summary>Opens the stores in PostgreSQL, and takes them over.</summary>
internal static class PostgresStores
{
    public static async Task<OpenStores> OpenAsync(
        CulpritOptions options, StoreUrl url, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var database = await PostgresDatabase.OpenAsync(url, cancellationToken).ConfigureAwait(false);
        PostgresLease? lease = null;
        try
        {
            lease = options.HighAvailability
                ? await OpenSharedAsync(database, cancellationToken).ConfigureAwait(false)
                : await PostgresLease.AcquireAsync(database, HolderName(), clock, cancellationToken).ConfigureAwait(false);
            await RefuseHalfMovedAsync(database, cancellationToken).ConfigureAwait(false);
            var state = new PostgresStateStore(database);
            await StorageRegistration.RefuseNewerSnapshotAsync(state, url.Name, "another database", cancellationToken).ConfigureAwait(false);
            if (!options.HighAvailability)
            {
                await HighAvailabilityRegistration.RefuseLeftoversAsync(options, database, state, cancellationToken).ConfigureAwait(false);
            }

            var policy = RetentionPolicy.From(options.Retention);
            var classes = await PostgresRetentionClasses.LoadAsync(
                database, AdmissionSection.Times(options.Admission, options.Retention), cancellationToken).ConfigureAwait(false);
            var sizes = new PostgresStoreOptions { KeepOf = number => policy.KeepOf(classes.NameOf(number)) };
            var recordLogger = loggers.CreateLogger<PostgresRecordStore>();
            var records = options.HighAvailability
                ? PostgresRecordStore.OpenToRead(database, sizes, clock, recordLogger)
                : await PostgresRecordStore.OpenAsync(database, sizes, clock, recordLogger, cancellationToken).ConfigureAwait(false);
            return new OpenStores(
                records,
                state,
                new PostgresDeadLetterStore(database),
                new PostgresFeedbackStore(database),
                new PostgresAlertThreadStore(database),
                new PostgresIdempotencyStore(database),
                new PostgresKeyStore(database),
                new PostgresSilenceStore(database),
                classes,
                services =>
                {
                    Add(services, database, lease, records, options.HighAvailability);
                    services.AddSingleton(provider => new PostgresRetention(
                        records, state, policy, classes, clock, provider.GetRequiredService<ILogger<PostgresRetention>>()));
                })
            {
                IsAway = () => database.Failure is not null,
                StateInUse = options.HighAvailability
                    ? null
                    : services => new OutageStateStore(state, clock, services.GetRequiredService<ILogger<OutageStateStore>>()),
                Shared = options.HighAvailability ? database : null,
            };
        }
        catch
        {
            if (lease is not null)
            {
                await lease.DisposeAsync().ConfigureAwait(false);
            }

            await database.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Host and process, and where it listens: for people who look for it.</summary>
    public static string HolderName(string urls) => $"{HolderName()}, {urls}";

    /// <exception cref="StoreRefusedException">A server that shares it with nobody runs on the database.</exception>
    private static async Task<PostgresLease> OpenSharedAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        var lease = new PostgresLease(database);
        return await lease.IsHeldAloneAsync(cancellationToken).ConfigureAwait(false)
            ? throw new StoreRefusedException(
                $"Another Culprit ({(await lease.LookAsync(cancellationToken).ConfigureAwait(false)).Holder}) runs on {database.Url.Name} without highAvailability: stop it first, or use another database.")
            : lease;
    }

    private static async Task RefuseHalfMovedAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        if (await StoreMove.IsUnfinishedAsync(database, cancellationToken).ConfigureAwait(false))
        {
            throw new StoreRefusedException($"{database.Url.Name} holds a part of what is moved to it: run culprit migrate --from embedded again, to its end.");
        }
    }

    private static void Add(
        IServiceCollection services, PostgresDatabase database, PostgresLease lease, PostgresRecordStore records, bool isShared)
    {
        services.AddSingleton(_ => database);
        services.AddSingleton(_ => lease);
        services.AddSingleton(_ => records);
        if (!isShared)
        {
            services.AddHostedService<PostgresLeaseKeeper>();
        }

        services.AddActiveService<OutboxListener>();
        services.AddSingleton<IHealthSource, PostgresHealth>();
        services.AddSingleton<IMetricSource>(p => new PostgresMetrics(database, records, p.GetRequiredService<PostgresRetention>()));
        services.AddSingleton<IHealthSource>(p => p.GetRequiredService<PostgresRetention>());
        services.AddSingleton<IStage>(p => p.GetRequiredService<PostgresRetention>().Stage);
        services.AddActiveService(p => p.GetRequiredService<PostgresRetention>());
    }

    private static string HolderName() => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}, process {Environment.ProcessId}");
}
