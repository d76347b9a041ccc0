using System.Globalization;
using Npgsql;

namespace Culprit.Server.Storage.Postgres;

/// <summary>The schema in PostgreSQL as numbered steps. A step that was released never changes.</summary>
/// <remarks>
/// Text is compared byte for byte (collation C), whatever the database's own: every store must give the same answer.
/// Times are Unix nanoseconds, or .NET ticks where the embedded store has these too.
/// </remarks>
internal static class PostgresMigrations
{
    public const string Schema = "culprit";

    // Any number, as long as every Culprit has the same.
    private const long MigrationLock = 0x63756c70_0001;

    private const string IsThere = "SELECT to_regnamespace('culprit') IS NOT NULL";

    private const string CreateVersions = """
        CREATE TABLE IF NOT EXISTS culprit.schema_version (
            version integer PRIMARY KEY,
            applied_at timestamptz NOT NULL DEFAULT now())
        """;

    private static readonly string[] Steps =
    [
        """
        CREATE TABLE derived_events (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            type text COLLATE "C" NOT NULL,
            timestamp bigint NOT NULL,
            environment text COLLATE "C" NOT NULL,
            service text COLLATE "C",
            correlation_id text COLLATE "C",
            causation_id text COLLATE "C",
            json text COLLATE "C" NOT NULL);
        CREATE INDEX derived_events_by_time ON derived_events (timestamp, row);
        CREATE INDEX derived_events_by_type ON derived_events (type, timestamp, row);
        CREATE INDEX derived_events_by_correlation ON derived_events (correlation_id, timestamp, row)
            WHERE correlation_id IS NOT NULL;

        CREATE TABLE positions (consumer text COLLATE "C" PRIMARY KEY, sequence bigint NOT NULL);

        CREATE TABLE snapshots (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            version integer NOT NULL,
            sequence bigint NOT NULL,
            bytes bytea NOT NULL);

        -- state: 0 waits, 1 was taken, 2 was given up.
        CREATE TABLE outbox (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL,
            sink text COLLATE "C" NOT NULL,
            incident_id text COLLATE "C" NOT NULL,
            json text COLLATE "C" NOT NULL,
            attempts integer NOT NULL,
            due_at bigint NOT NULL,
            state smallint NOT NULL DEFAULT 0,
            failing_since bigint,
            last_error text COLLATE "C",
            claimed_by bigint,
            claimed_until timestamptz,
            UNIQUE (id, sink));
        CREATE INDEX outbox_waiting ON outbox (sink, incident_id, row) WHERE state = 0;
        CREATE INDEX outbox_by_incident ON outbox (incident_id, row);

        CREATE TABLE dead_letters (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            at bigint NOT NULL,
            reason text COLLATE "C" NOT NULL,
            raw bytea NOT NULL,
            kind text COLLATE "C" NOT NULL,
            tries integer NOT NULL,
            decoder text COLLATE "C",
            event_id text COLLATE "C");
        CREATE TABLE poison (sequence bigint PRIMARY KEY, tries integer NOT NULL);

        CREATE TABLE idempotency_keys (
            key text COLLATE "C" PRIMARY KEY,
            body_hash bytea NOT NULL,
            status integer NOT NULL,
            answer bytea NOT NULL,
            at bigint NOT NULL);
        CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);

        CREATE TABLE pattern_aliases (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            old bigint NOT NULL UNIQUE,
            current bigint NOT NULL,
            text text COLLATE "C" NOT NULL);

        CREATE TABLE feedback (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            incident_id text COLLATE "C" NOT NULL,
            verdict text COLLATE "C" NOT NULL,
            service text COLLATE "C" NOT NULL,
            name text COLLATE "C",
            runbook text COLLATE "C",
            note text COLLATE "C",
            signature text COLLATE "C" NOT NULL,
            incident_at bigint NOT NULL,
            at bigint NOT NULL);

        CREATE TABLE retention_classes (number smallint PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);

        -- Who may write: every write of a server names the epoch under which it took over.
        CREATE TABLE lease (
            one boolean PRIMARY KEY DEFAULT true CHECK (one),
            epoch bigint NOT NULL,
            holder text COLLATE "C" NOT NULL,
            since timestamptz NOT NULL);
        """,
        """
        -- class: number of the retention class; received: when it came in; nanos: the event's own time.
        CREATE TABLE records (
            received bigint NOT NULL,
            nanos bigint NOT NULL,
            sequence bigint NOT NULL,
            pattern bigint NOT NULL,
            duplicate_of bigint,
            class smallint NOT NULL,
            kind smallint NOT NULL,
            severity smallint NOT NULL,
            flags smallint NOT NULL,
            weight smallint NOT NULL,
            service text COLLATE "C" NOT NULL,
            environment text COLLATE "C" NOT NULL,
            source text COLLATE "C" NOT NULL,
            body text COLLATE "C" NOT NULL,
            attributes text COLLATE "C" NOT NULL,
            type text COLLATE "C",
            trace_id text COLLATE "C",
            span_id text COLLATE "C",
            id text COLLATE "C",
            correlation_id text COLLATE "C",
            causation_id text COLLATE "C") PARTITION BY RANGE (class, received);
        CREATE INDEX records_by_time ON records (nanos, sequence, severity);
        CREATE INDEX records_by_service ON records (service, nanos, sequence, severity);
        CREATE INDEX records_by_sequence ON records (sequence);
        CREATE INDEX records_by_trace ON records (trace_id) WHERE trace_id IS NOT NULL;
        CREATE INDEX records_by_id ON records (id, sequence) WHERE id IS NOT NULL;
        CREATE INDEX records_by_correlation ON records (correlation_id) WHERE correlation_id IS NOT NULL;

        -- Where a record goes whose partition could not be made in time.
        CREATE TABLE records_default PARTITION OF records DEFAULT;

        CREATE TABLE record_partitions (
            name text COLLATE "C" PRIMARY KEY,
            class smallint NOT NULL,
            received_from bigint NOT NULL,
            received_to bigint NOT NULL,
            records bigint NOT NULL,
            max_received bigint NOT NULL);

        -- Counts of whole minutes; they go with their partition.
        CREATE TABLE record_counts (
            partition text COLLATE "C" NOT NULL,
            minute bigint NOT NULL,
            pattern bigint NOT NULL,
            kind smallint NOT NULL,
            severity smallint NOT NULL,
            service text COLLATE "C" NOT NULL,
            environment text COLLATE "C" NOT NULL,
            type text COLLATE "C" NOT NULL,
            records bigint NOT NULL,
            weight bigint NOT NULL,
            PRIMARY KEY (minute, service, severity, pattern, environment, kind, type, partition)) WITH (fillfactor = 70);
        CREATE INDEX record_counts_by_pattern ON record_counts (pattern, minute);
        CREATE INDEX record_counts_by_partition ON record_counts (partition);
        """,
        """
        CREATE TABLE api_keys (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            hash bytea NOT NULL UNIQUE,
            terms bytea NOT NULL,
            created_at bigint NOT NULL,
            revoked_at bigint);
        CREATE TABLE audit_log (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at bigint NOT NULL,
            actor text COLLATE "C" NOT NULL,
            action text COLLATE "C" NOT NULL,
            target text COLLATE "C" NOT NULL);
        """,
        """
        -- renewals: grows while the holder lives; is_shared: it runs beside a standby, and reads its journal from shared_log.
        ALTER TABLE lease
            ADD COLUMN renewals bigint NOT NULL DEFAULT 0,
            ADD COLUMN is_held boolean NOT NULL DEFAULT true,
            ADD COLUMN is_shared boolean NOT NULL DEFAULT false;

        -- What servers that share the database have taken, in the one order that counts. The row of the head is locked by
        -- whoever appends, so that what is seen has no gaps.
        CREATE TABLE shared_log_head (
            one boolean PRIMARY KEY DEFAULT true CHECK (one),
            journal bigint NOT NULL,
            last bigint NOT NULL);
        CREATE TABLE shared_log (
            first_sequence bigint PRIMARY KEY,
            last_sequence bigint NOT NULL,
            server bigint NOT NULL,
            shipped_at timestamptz NOT NULL DEFAULT now(),
            bytes integer NOT NULL,
            frames bytea NOT NULL);
        ALTER TABLE shared_log ALTER COLUMN frames SET STORAGE EXTERNAL;
        CREATE TABLE log_shippers (
            server bigint PRIMARY KEY,
            name text COLLATE "C" NOT NULL,
            shipped bigint NOT NULL,
            lag_ms bigint NOT NULL,
            beats bigint NOT NULL,
            seen_at timestamptz NOT NULL);
        """,
        """
        CREATE TABLE alert_threads (
            sink text COLLATE "C" NOT NULL,
            incident_id text COLLATE "C" NOT NULL,
            channel text COLLATE "C" NOT NULL,
            message text COLLATE "C" NOT NULL,
            first_json text COLLATE "C" NOT NULL,
            at bigint NOT NULL,
            PRIMARY KEY (sink, incident_id));
        """,

        // outbox.state 3: was dropped; held: why it is or was held back.
        """
        ALTER TABLE outbox ADD COLUMN added_at bigint NOT NULL DEFAULT 0;
        ALTER TABLE outbox ADD COLUMN ended_at bigint;
        ALTER TABLE outbox ADD COLUMN held text COLLATE "C";
        CREATE TABLE silences (
            row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text COLLATE "C" NOT NULL UNIQUE,
            json text COLLATE "C" NOT NULL,
            ends_at bigint NOT NULL);
        CREATE INDEX silences_by_end ON silences (ends_at);
        """,
    ];

    public static int Newest => Steps.Length;

    /// <summary>Brings the schema to the newest version, one transaction a step; returns how many steps that took.</summary>
    /// <exception cref="StoreRefusedException">A newer Culprit wrote it, or the role may not.</exception>
    public static Task<int> ApplyAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ApplyAsync(connection, Newest, cancellationToken);

    /// <summary>As far as <paramref name="to"/>: how tests come by a schema of an older version.</summary>
    internal static async Task<int> ApplyAsync(NpgsqlConnection connection, int to, CancellationToken cancellationToken)
    {
        // Held by the session, so that of two servers that start together one waits. The search path is set for the
        // case that the schema does not exist when the connection is opened.
        await Sql.ExecuteAsync(connection, "SELECT pg_advisory_lock($1)", [MigrationLock], cancellationToken).ConfigureAwait(false);
        try
        {
            await PrepareAsync(connection, cancellationToken).ConfigureAwait(false);
            var version = await VersionAsync(connection, cancellationToken).ConfigureAwait(false);
            if (version > Newest)
            {
                throw new StoreRefusedException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The database has schema version {version}, this Culprit knows versions up to {Newest}. It was written by a newer Culprit: use that version, or another database."));
            }

            for (var step = version; step < to; step++)
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
                await Sql.ExecuteAsync(connection, Steps[step], [], cancellationToken).ConfigureAwait(false);
                await Sql.ExecuteAsync(connection, "INSERT INTO schema_version (version) VALUES ($1)", [step + 1], cancellationToken)
                    .ConfigureAwait(false);
                await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
            }

            return Math.Max(0, to - version);
        }
        finally
        {
            // A connection that broke has let go of it already.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await Sql.ExecuteAsync(connection, "SELECT pg_advisory_unlock($1)", [MigrationLock], CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private static async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            // Asked first: creating it if it does not exist needs a right that its owner need not have.
            if (await Sql.ScalarAsync(connection, IsThere, [], cancellationToken).ConfigureAwait(false) is not true)
            {
                await Sql.ExecuteAsync(connection, "CREATE SCHEMA culprit", [], cancellationToken).ConfigureAwait(false);
            }

            await Sql.ExecuteAsync(connection, CreateVersions, [], cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StoreRefusedException(
                "The role may not make the schema: run CREATE SCHEMA culprit AUTHORIZATION its-name in the database as its owner.");
        }
    }

    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (int)(await Sql.ScalarAsync(connection, "SELECT coalesce(max(version), 0) FROM schema_version", [], cancellationToken)
            .ConfigureAwait(false))!;
}
