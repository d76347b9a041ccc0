namespace Culprit.Server.Journal;

/// <summary>The calls by which the journal touches the disk. Every failure is a <see cref="DiskException"/>.</summary>
internal interface IFileSystem
{
    /// <summary>Proves that a failing sync is reported; throws when it is not, because no acknowledgement would mean anything.</summary>
    /// <param name="folder">An existing folder of the file system to be used.</param>
    void SelfTest(string folder);

    /// <summary>Makes the folder and its parents durably; does nothing when it exists.</summary>
    void CreateFolder(string path);

    /// <summary>Names of the files in a folder, in no order; empty when the folder does not exist.</summary>
    IReadOnlyList<string> List(string folder);

    /// <summary>A new empty file; fails when the name is taken.</summary>
    IJournalFile Create(string path);

    IJournalFile Open(string path, bool writable);

    /// <summary>Gives a file another name at once and whole, replacing a file that has it.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>Makes the names in a folder durable.</summary>
    void SyncFolder(string path);

    /// <summary>The room of the file system.</summary>
    DiskSpace Space(string folder);

    /// <summary>Takes the file as a lock between processes, released by the kernel when the holder dies; null when another holds it.</summary>
    IDisposable? TryLock(string path);
}
