using System.Collections.Concurrent;
using System.Data.Common;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Culprit.Server.Storage.Embedded;

/// <summary>Asks segments through DuckDB, which holds nothing of its own and may read the segments' folder only.</summary>
/// <remarks>Thread-safe; each running query has a connection to itself.</remarks>
internal sealed class SegmentReader : IDisposable
{
    private readonly string _folder;
    private readonly EmbeddedStoreOptions _options;
    private readonly Lazy<DuckDBConnection> _engine;
    private readonly ConcurrentBag<DuckDBConnection> _idle = [];
    private readonly SemaphoreSlim _slots;

    public SegmentReader(string folder, EmbeddedStoreOptions options)
    {
        _folder = folder;
        _options = options;
        _engine = new Lazy<DuckDBConnection>(OpenEngine);
        _slots = new SemaphoreSlim(options.MaxConcurrentQueries);
    }

    /// <exception cref="DuckDBException">A file is unreadable, or memory ran out.</exception>
    public Task<List<StoredRecord>> FindAsync(
        IEnumerable<SegmentPart> parts, RecordQuery query, CancellationToken cancellationToken) =>
        RunAsync(SegmentSql.Find(SegmentFiles.Of(parts, PathOf), query), Read, cancellationToken);

    /// <exception cref="DuckDBException">A file is unreadable, or memory ran out.</exception>
    public Task<List<StoredRecord>> FindByIdAsync(
        IEnumerable<SegmentPart> parts, string id, CancellationToken cancellationToken) =>
        RunAsync(SegmentSql.FindById(SegmentFiles.Of(parts, PathOf), id), Read, cancellationToken);

    /// <exception cref="DuckDBException">A file is unreadable, or memory ran out.</exception>
    public Task<List<StoredRecord>> FindBySequenceAsync(
        IEnumerable<SegmentPart> parts, long sequence, CancellationToken cancellationToken) =>
        RunAsync(SegmentSql.FindBySequence(SegmentFiles.Of(parts, PathOf), sequence), Read, cancellationToken);

    /// <summary>Counts of groups, each once for these parts.</summary>
    /// <exception cref="DuckDBException">A file is unreadable, or memory ran out.</exception>
    public Task<List<CountRow>> CountAsync(IEnumerable<SegmentPart> parts, CountQuery query, CancellationToken cancellationToken) =>
        RunAsync(SegmentSql.Count(SegmentFiles.Of(parts, PathOf), query), r => ReadCount(r, query), cancellationToken);

    /// <summary>Why the file itself cannot be read, or null when it can.</summary>
    public async Task<string?> ProbeAsync(Segment segment, CancellationToken cancellationToken)
    {
        if (!File.Exists(PathOf(segment)))
        {
            return "the file is missing";
        }

        try
        {
            await RunAsync(SegmentSql.Probe(SegmentFiles.Of([SegmentPart.Whole(segment)], PathOf)), _ => 0, cancellationToken);
            return null;
        }
        catch (DuckDBException e) when (e.ErrorType is not (DuckDBErrorType.OutOfMemory or DuckDBErrorType.Interrupt))
        {
            // Out of descriptors or a failing disk is not the file's fault: whoever cannot even open it stays in doubt.
            // One that has gone since was dropped by retention.
            try
            {
                using var file = File.OpenHandle(PathOf(segment));
            }
            catch (FileNotFoundException)
            {
                return "the file is missing";
            }

            return e.Message.Split('\n')[0];
        }
    }

    public void Dispose()
    {
        foreach (var connection in _idle)
        {
            connection.Dispose();
        }

        if (_engine.IsValueCreated)
        {
            _engine.Value.Dispose();
        }

        _slots.Dispose();
    }

    private static StoredRecord Read(DbDataReader row)
    {
        var (kind, type) = SegmentKinds.FromWord(row.GetString(SegmentSchema.Kind));
        return new StoredRecord
        {
            Sequence = row.GetInt64(SegmentSchema.Sequence),
            TimestampNanos = unchecked((row.GetInt64(SegmentSchema.Timestamp) * 1000) + row.GetFieldValue<ushort>(SegmentSchema.Nanos)),
            Kind = kind,
            Type = type ?? TextOrNull(row, SegmentSchema.Type) ?? "",
            Severity = SegmentKinds.ToSeverity(row.GetString(SegmentSchema.Level)),
            Service = row.GetString(SegmentSchema.Service),
            Environment = row.GetString(SegmentSchema.Environment),
            Source = row.GetString(SegmentSchema.Source),
            Body = row.GetString(SegmentSchema.Body),
            Attributes = row.GetString(SegmentSchema.Attributes),
            TraceId = TextOrNull(row, SegmentSchema.TraceId),
            SpanId = TextOrNull(row, SegmentSchema.SpanId),
            Id = TextOrNull(row, SegmentSchema.Id),
            CorrelationId = TextOrNull(row, SegmentSchema.CorrelationId),
            CausationId = TextOrNull(row, SegmentSchema.CausationId),
            Flags = (RecordFlags)row.GetFieldValue<ushort>(SegmentSchema.Flags),
            Pattern = new PatternId(row.GetFieldValue<ulong>(SegmentSchema.Pattern)),
            DuplicateOf = row.IsDBNull(SegmentSchema.DuplicateOf) ? -1 : row.GetInt64(SegmentSchema.DuplicateOf),
            Weight = row.GetInt32(SegmentSchema.Weight),
        };
    }

    private static CountRow ReadCount(DbDataReader row, CountQuery query)
    {
        var by = query.By;
        string? type = null;
        if (by.HasFlag(CountBy.Type))
        {
            type = SegmentKinds.FromWord(row.GetString(4)).Type ?? row.GetString(5);
        }

        return new CountRow(
            query.IntervalNanos == 0 ? query.Where.FromNanos : CountQuery.StartOf(row.GetInt64(0)),
            row.GetString(1),
            by.HasFlag(CountBy.Level) ? SegmentKinds.ToSeverity(row.GetString(3)) : null,
            row.GetString(2),
            type,
            by.HasFlag(CountBy.Pattern) ? new PatternId(row.GetFieldValue<ulong>(6)) : null,
            row.GetInt64(7),
            row.GetInt64(8));
    }

    private static string? TextOrNull(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private string PathOf(Segment segment) => Path.Combine(_folder, segment.Name);

    private async Task<List<T>> RunAsync<T>(SegmentSql sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            // DuckDB works on the calling thread.
            return await Task.Run(() => Run(sql, read, cancellationToken), cancellationToken);
        }
        finally
        {
            _slots.Release();
        }
    }

    private List<T> Run<T>(SegmentSql sql, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var connection = _idle.TryTake(out var idle) ? idle : Duplicate();
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql.Text;
            foreach (var value in sql.Values)
            {
                command.Parameters.Add(new DuckDBParameter(value));
            }

            using var cancel = cancellationToken.Register(command.Cancel);
            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
        catch (DuckDBException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The query was cancelled.", e, cancellationToken);
        }
        finally
        {
            _idle.Add(connection);
        }
    }

    private DuckDBConnection Duplicate()
    {
        var connection = _engine.Value.Duplicate();
        connection.Open();
        return connection;
    }

    private DuckDBConnection OpenEngine()
    {
        var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        var folder = _folder.Replace("'", "''", StringComparison.Ordinal);
        command.CommandText = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"""
            SET autoinstall_known_extensions = false;
            SET autoload_known_extensions = false;
            SET memory_limit = '{_options.QueryMemoryMebibytes}MiB';
            SET threads = {_options.QueryThreads};
            SET parquet_metadata_cache = true;
            SET allowed_directories = ['{folder}/'];
            SET enable_external_access = false;
            SET lock_configuration = true;
            """);
        command.ExecuteNonQuery();
        return connection;
    }
}
