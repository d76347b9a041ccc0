using System.Globalization;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Culprit.Server.Health;
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
            lease = await PostgresLease.AcquireAsync(database, HolderName(), clock, cancellationToken).ConfigureAwait(false);
            await RefuseHalfMovedAsync(database, cancellationToken).ConfigureAwait(false);
            var state = new PostgresStateStore(database);
            await StorageRegistration.RefuseNewerSnapshotAsync(state, url.Name, "another database", cancellationToken).ConfigureAwait(false);
            var policy = RetentionPolicy.From(options.Retention);
            var classes = await PostgresRetentionClasses.LoadAsync(
                database, AdmissionSection.Times(options.Admission, options.Retention), cancellationToken).ConfigureAwait(false);
            var records = await PostgresRecordStore.OpenAsync(
                database,
                new PostgresStoreOptions { KeepOf = number => policy.KeepOf(classes.NameOf(number)) },
                clock,
                loggers.CreateLogger<PostgresRecordStore>(),
                cancellationToken).ConfigureAwait(false);
            return new OpenStores(
                records,
                state,
                new PostgresDeadLetterStore(database),
                new PostgresFeedbackStore(database),
                new PostgresIdempotencyStore(database),
                new PostgresKeyStore(database),
                new PostgresSilenceStore(database),
                classes,
                services =>
                {
                    Add(services, database, lease, records);
                    services.AddSingleton(provider => new PostgresRetention(
                        records, state, policy, classes, clock, provider.GetRequiredService<ILogger<PostgresRetention>>()));
                })
            {
                IsAway = () => database.Failure is not null,
                StateInUse = services => new OutageStateStore(state, clock, services.GetRequiredService<ILogger<OutageStateStore>>()),
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

    private static async Task RefuseHalfMovedAsync(PostgresDatabase database, CancellationToken cancellationToken)
    {
        if (await StoreMove.IsUnfinishedAsync(database, cancellationToken).ConfigureAwait(false))
        {
            throw new StoreRefusedException($"{database.Url.Name} holds a part of what is moved to it: run culprit migrate --from embedded again, to its end.");
        }
    }

    private static void Add(
        IServiceCollection services, PostgresDatabase database, PostgresLease lease, PostgresRecordStore records)
    {
        services.AddSingleton(_ => database);
        services.AddSingleton(_ => lease);
        services.AddHostedService<PostgresLeaseKeeper>();
        services.AddHostedService<OutboxListener>();
        services.AddSingleton<IHealthSource, PostgresHealth>();
        services.AddSingleton<IMetricSource>(p => new PostgresMetrics(database, records, p.GetRequiredService<PostgresRetention>()));
        services.AddSingleton<IHealthSource>(p => p.GetRequiredService<PostgresRetention>());
        services.AddHostedService(p => p.GetRequiredService<PostgresRetention>());
    }

    private static string HolderName() => string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}, process {Environment.ProcessId}");
}
