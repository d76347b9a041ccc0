using Microsoft.Data.Sqlite;

namespace Culprit.Server.Storage.Embedded;

/// <summary>The schema of the state database as numbered steps. A step that was released never changes.</summary>
internal static class StateMigrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE derived_events (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            timestamp INTEGER NOT NULL,
            environment TEXT NOT NULL,
            service TEXT,
            correlation_id TEXT,
            causation_id TEXT,
            json BLOB NOT NULL);
        CREATE INDEX derived_events_by_time ON derived_events (timestamp, row);
        CREATE INDEX derived_events_by_type ON derived_events (type, timestamp, row);
        CREATE INDEX derived_events_by_correlation ON derived_events (correlation_id, timestamp, row)
            WHERE correlation_id IS NOT NULL;

        CREATE TABLE positions (consumer TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;

        CREATE TABLE snapshots (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            version INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            bytes BLOB NOT NULL);

        CREATE TABLE outbox (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL,
            sink TEXT NOT NULL,
            incident_id TEXT NOT NULL,
            json BLOB NOT NULL,
            attempts INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            delivered INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            UNIQUE (id, sink));
        CREATE INDEX outbox_undelivered ON outbox (sink, incident_id, row) WHERE delivered = 0;

        CREATE TABLE dead_letters (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            raw BLOB NOT NULL);

        CREATE TABLE segments (
            name TEXT PRIMARY KEY,
            retention_class TEXT NOT NULL DEFAULT 'default',
            first_sequence INTEGER NOT NULL,
            last_sequence INTEGER NOT NULL,
            min_timestamp INTEGER NOT NULL,
            max_timestamp INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            rows_with_id INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            corrupt_reason TEXT) WITHOUT ROWID;
        """,
        """
        ALTER TABLE segments ADD COLUMN received INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE segments ADD COLUMN columns INTEGER NOT NULL DEFAULT 19;
        UPDATE segments SET received = min(max_timestamp, CAST(strftime('%s', 'now') AS INTEGER) * 1000000000);
        CREATE TABLE retention_classes (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        """,

        // outbox.delivered: 0 waits, 1 was taken, 2 was given up.
        """
        ALTER TABLE outbox ADD COLUMN failing_since INTEGER;
        CREATE INDEX outbox_by_incident ON outbox (incident_id, row);
        """,

        // Of the letters that there are, only those of alerts can be told apart.
        """
        ALTER TABLE dead_letters ADD COLUMN kind TEXT NOT NULL DEFAULT 'handler';
        ALTER TABLE dead_letters ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE dead_letters ADD COLUMN decoder TEXT;
        ALTER TABLE dead_letters ADD COLUMN event_id TEXT;
        UPDATE dead_letters SET kind = 'alert' WHERE id IN (SELECT id || ':' || sink FROM outbox WHERE delivered = 2);
        CREATE TABLE poison (sequence INTEGER PRIMARY KEY, tries INTEGER NOT NULL);
        """,
        """
        ALTER TABLE segments ADD COLUMN index_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE segments ADD COLUMN index_bytes INTEGER NOT NULL DEFAULT 0;
        """,
        """
        CREATE TABLE idempotency_keys (
            key TEXT PRIMARY KEY,
            body_hash BLOB NOT NULL,
            status INTEGER NOT NULL,
            answer BLOB NOT NULL,
            at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at);
        """,
        """
        CREATE TABLE pattern_aliases (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            old INTEGER NOT NULL UNIQUE,
            current INTEGER NOT NULL,
            text TEXT NOT NULL);
        """,
        """
        CREATE TABLE feedback (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            incident_id TEXT NOT NULL,
            verdict TEXT NOT NULL,
            service TEXT NOT NULL,
            name TEXT,
            runbook TEXT,
            note TEXT,
            signature BLOB NOT NULL,
            incident_at INTEGER NOT NULL,
            at INTEGER NOT NULL);
        """,
        """
        CREATE TABLE api_keys (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            hash BLOB NOT NULL UNIQUE,
            terms BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            revoked_at INTEGER);
        CREATE TABLE audit_log (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            target TEXT NOT NULL);
        """,
        """
        CREATE TABLE alert_threads (
            sink TEXT NOT NULL,
            incident_id TEXT NOT NULL,
            channel TEXT NOT NULL,
            message TEXT NOT NULL,
            first_json BLOB NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (sink, incident_id)) WITHOUT ROWID;
        """,

        // outbox.delivered 3: was dropped; held: why it is or was held back.
        """
        ALTER TABLE outbox ADD COLUMN added_at INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE outbox ADD COLUMN ended_at INTEGER;
        ALTER TABLE outbox ADD COLUMN held TEXT;
        CREATE TABLE silences (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            json BLOB NOT NULL,
            ends_at INTEGER NOT NULL);
        CREATE INDEX silences_by_end ON silences (ends_at);
        """,
    ];

    public static int Newest => Steps.Length;

    /// <summary>Brings the database to the newest version, one transaction a step, so that a kill in between does no harm.</summary>
    /// <exception cref="StateDatabaseException">A newer Culprit wrote it.</exception>
    public static void Apply(SqliteConnection connection, string path) => Apply(connection, path, Newest);

    /// <summary>As far as <paramref name="to"/>: how tests come by a database of an older version.</summary>
    internal static void Apply(SqliteConnection connection, string path, int to)
    {
        var version = (long)StateDatabase.Command(connection, "PRAGMA user_version").ExecuteScalar()!;
        if (version > Newest)
        {
            throw new StateDatabaseException(
                $"{path} has schema version {version}, this Culprit knows versions up to {Newest}. "
                + "It was written by a newer Culprit: use that version, or another data folder.");
        }

        for (var step = (int)version; step < to; step++)
        {
            using var transaction = connection.BeginTransaction();
            StateDatabase.Command(connection, Steps[step]).ExecuteNonQuery();
            StateDatabase.Command(connection, $"PRAGMA user_version = {step + 1}").ExecuteNonQuery();
            transaction.Commit();
        }
    }
}
