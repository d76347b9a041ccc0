namespace Culprit.Server.Storage.Postgres;

/// <summary>Sizes and limits of the stores in PostgreSQL.</summary>
internal sealed record PostgresStoreOptions
{
    /// <summary>Records that are written at once. Default 16,384.</summary>
    /// <remarks>Raising it makes writing a little cheaper, and keeps more records in memory until they are written.</remarks>
    public int MaxRows { get; init; } = 16_384;

    /// <summary>Bytes of records that are written at once. Default 16 MiB.</summary>
    public long MaxBytes { get; init; } = 16L * 1024 * 1024;

    /// <summary>Age of the oldest record in memory at which it is written in any case. Default 5 s.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a retention class is kept, by its number: cuts partitions. Default: 30 days.</summary>
    public Func<int, TimeSpan> KeepOf { get; init; } = _ => TimeSpan.FromDays(30);
}
