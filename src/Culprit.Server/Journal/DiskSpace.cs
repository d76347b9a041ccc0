namespace Culprit.Server.Journal;

/// <summary>The room of a file system.</summary>
/// <param name="Free">Bytes that an unprivileged process can still write.</param>
/// <param name="Total">Bytes of all of it.</param>
internal readonly record struct DiskSpace(long Free, long Total)
{
    /// <summary>When it could not be found out: the write itself will tell.</summary>
    public static DiskSpace Unknown { get; } = new(long.MaxValue, long.MaxValue);
}
