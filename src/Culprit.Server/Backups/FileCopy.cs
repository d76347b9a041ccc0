using System.Buffers;
using System.IO.Hashing;
using Culprit.Server.Storage.Embedded;

namespace Culprit.Server.Backups;

/// <summary>Copies a file so that the copy survives a power cut, and says what was copied.</summary>
internal static class FileCopy
{
    private const int BufferBytes = 1024 * 1024;

    /// <summary>Never blocks whoever writes or deletes the file meanwhile; an open file stays readable after it is deleted.</summary>
    public static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);

    /// <param name="name">The file's name in the manifest.</param>
    public static async Task<BackupFile> ToAsync(Stream source, string target, string name, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var temporary = target + ".new";
        var bytes = 0L;
        try
        {
            await using (var output = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                for (int read; (read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; bytes += read)
                {
                    hash.Append(buffer.AsSpan(0, read));
                    await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
            }

            DurableFile.Publish(temporary, target);
            return new BackupFile(name, bytes, Convert.ToHexStringLower(hash.GetCurrentHash()));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
