namespace Culprit.Server.Journal;

/// <summary>One open file. Every failure is a <see cref="DiskException"/>.</summary>
internal interface IJournalFile : IDisposable
{
    long Length { get; }

    /// <summary>Bytes read; less than asked only at the end of the file.</summary>
    int Read(Span<byte> into, long offset);

    /// <summary>Writes all parts one after another.</summary>
    void Write(ReadOnlySpan<ReadOnlyMemory<byte>> parts, long offset);

    /// <summary>Returns when everything written is on stable storage. After a failure it must not be called again.</summary>
    void Sync();

    void Truncate(long length);
}
