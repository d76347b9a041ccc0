using System.Buffers;
using System.Runtime.InteropServices;

namespace Culprit.Server.Journal;

/// <summary>A file of Linux: every return value is checked, interrupted calls are repeated, nothing is buffered here.</summary>
internal sealed unsafe class PosixFile : IJournalFile
{
    private readonly string _path;
    private int _descriptor;

    private PosixFile(string path, int descriptor)
    {
        _path = path;
        _descriptor = descriptor;
    }

    public long Length
    {
        get
        {
            var length = Libc.Seek(_descriptor, 0, Libc.SeekEnd);
            return length >= 0 ? length : throw Failed("lseek");
        }
    }

    public static PosixFile Open(string path, int flags)
    {
        while (true)
        {
            var descriptor = Libc.Open(path, flags | Libc.CloseOnExec, 0b110_100_000);
            if (descriptor >= 0)
            {
                return new PosixFile(path, descriptor);
            }

            var errno = Marshal.GetLastPInvokeError();
            if (errno != Libc.Interrupted)
            {
                throw new DiskException("open", path, errno);
            }
        }
    }

    public int Read(Span<byte> into, long offset)
    {
        var total = 0;
        while (total < into.Length)
        {
            nint read;
            fixed (byte* start = into[total..])
            {
                read = Libc.Read(_descriptor, start, (nuint)(into.Length - total), offset + total);
            }

            if (read == 0)
            {
                break;
            }

            if (read < 0)
            {
                ThrowUnlessInterrupted("pread");
                continue;
            }

            total += (int)read;
        }

        return total;
    }

    public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> parts, long offset)
    {
        while (parts.Length > 0)
        {
            var some = parts[..Math.Min(parts.Length, Libc.MaxParts)];
            offset = WriteSome(some, offset);
            parts = parts[some.Length..];
        }
    }

    /// <summary>Returns only when the file's content is on the disk. The file must be writable, and nobody else may change its length.</summary>
    /// <remarks>
    /// ext4 may answer an fdatasync with success while an error makes the file system read-only, and lose the content:
    /// see docs/decisions/0007. Setting the length to what it is changes nothing, but needs the file system's journal,
    /// and so fails from that error on.
    /// </remarks>
    public void Sync()
    {
        Repeat("fdatasync", Libc.SyncContent);
        Truncate(Length);
    }

    /// <summary>For folders: their content is metadata.</summary>
    public void SyncAll() => Repeat("fsync", Libc.SyncAll);

    public void Truncate(long length) => Repeat("ftruncate", descriptor => Libc.Truncate(descriptor, length));

    /// <summary>Takes up room on the disk without writing it.</summary>
    public void Allocate(long length)
    {
        int errno;
        while ((errno = Libc.Allocate(_descriptor, 0, length)) == Libc.Interrupted)
        {
        }

        if (errno != 0)
        {
            throw new DiskException("posix_fallocate", _path, errno);
        }
    }

    /// <summary>False when another process holds the lock.</summary>
    public bool TryLock()
    {
        while (Libc.Lock(_descriptor, Libc.LockExclusive | Libc.LockNoWait) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Libc.WouldBlock)
            {
                return false;
            }

            ThrowUnlessInterrupted("flock");
        }

        return true;
    }

    public void Dispose()
    {
        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            // Not repeated when interrupted: Linux has closed it then, and the number may already be another file's.
            // Its errors say nothing about data: that is what Sync is for.
            _ = Libc.Close(descriptor);
        }
    }

    private long WriteSome(ReadOnlySpan<ReadOnlyMemory<byte>> parts, long offset)
    {
        Span<MemoryHandle> pins = parts.Length <= 16 ? new MemoryHandle[16] : new MemoryHandle[parts.Length];
        var vectors = stackalloc Libc.IoVector[parts.Length];
        try
        {
            nuint left = 0;
            for (var i = 0; i < parts.Length; i++)
            {
                pins[i] = parts[i].Pin();
                vectors[i] = new Libc.IoVector { Start = (byte*)pins[i].Pointer, Length = (nuint)parts[i].Length };
                left += (nuint)parts[i].Length;
            }

            var at = 0;
            while (left > 0)
            {
                var written = Libc.Write(_descriptor, vectors + at, parts.Length - at, offset);
                if (written < 0)
                {
                    ThrowUnlessInterrupted("pwritev");
                    continue;
                }

                if (written == 0)
                {
                    throw new DiskException("pwritev", _path, DiskException.InputOutput);
                }

                offset += written;
                left -= (nuint)written;
                at = Skip(vectors, at, (nuint)written);
            }

            return offset;
        }
        finally
        {
            foreach (var pin in pins)
            {
                pin.Dispose();
            }
        }
    }

    private static int Skip(Libc.IoVector* vectors, int at, nuint written)
    {
        while (written > 0)
        {
            var step = nuint.Min(written, vectors[at].Length);
            vectors[at].Start += step;
            vectors[at].Length -= step;
            written -= step;
            at += vectors[at].Length == 0 ? 1 : 0;
        }

        return at;
    }

    private void Repeat(string call, Func<int, int> function)
    {
        while (function(_descriptor) != 0)
        {
            ThrowUnlessInterrupted(call);
        }
    }

    private void ThrowUnlessInterrupted(string call)
    {
        if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
        {
            throw Failed(call);
        }
    }

    private DiskException Failed(string call) => new(call, _path, Marshal.GetLastPInvokeError());
}
