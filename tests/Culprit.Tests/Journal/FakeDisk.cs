using Culprit.Server.Journal;

namespace Culprit.Tests.Journal;

/// <summary>
/// A disk in memory that forgets what was not synced, and fails on request as Linux does: pages of a failed sync count
/// as clean afterwards, so a second sync succeeds without having written them.
/// </summary>
internal sealed class FakeDisk : IFileSystem
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Inode> _names = [];
    private Dictionary<string, Inode> _durableNames = [];
    private bool _isOff;

    /// <summary>Calls that change the disk, so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Gives the error number with which the n-th call fails; null lets it pass.</summary>
    public Func<int, string, int?> Fault { get; set; } = (_, _) => null;

    /// <summary>Syncs of a file whose sync had failed before: must stay 0.</summary>
    public int ForbiddenSyncs { get; private set; }

    public long Free { get; set; } = long.MaxValue / 2;

    public long Total { get; set; } = long.MaxValue / 2;

    /// <summary>Closed, syncs of files wait.</summary>
    public ManualResetEventSlim SyncGate { get; } = new(true);

    /// <summary>Switches this disk off and gives what a machine finds at its next start.</summary>
    /// <param name="isPowerCut">True: only synced bytes are sure to be there. False: the process died, the system lives.</param>
    /// <param name="luck">Decides which unsynced sectors and names reached the disk by themselves; null: none.</param>
    public FakeDisk Restart(bool isPowerCut, Random? luck = null)
    {
        lock (_lock)
        {
            _isOff = true;
            var next = new FakeDisk { ForbiddenSyncs = ForbiddenSyncs };
            var names = !isPowerCut || luck?.Next(2) == 0 ? _names : _durableNames;
            var copies = new Dictionary<Inode, Inode>();
            foreach (var (name, inode) in names)
            {
                if (!copies.TryGetValue(inode, out var copy))
                {
                    copies[inode] = copy = isPowerCut ? inode.AfterPowerCut(luck) : inode.Copy();
                }

                next._names[name] = copy;
            }

            next._durableNames = isPowerCut
                ? new(next._names)
                : _durableNames.ToDictionary(pair => pair.Key, pair => copies.GetValueOrDefault(pair.Value) ?? pair.Value.Copy());
            return next;
        }
    }

    public byte[] Content(string path)
    {
        lock (_lock)
        {
            return [.. _names[path].Bytes];
        }
    }

    /// <summary>Puts a durable file on the disk.</summary>
    public void Put(string path, byte[] content)
    {
        lock (_lock)
        {
            _names[path] = _durableNames[path] = new Inode { Bytes = [.. content], Durable = [.. content] };
        }
    }

    public bool Has(string path)
    {
        lock (_lock)
        {
            return _names.ContainsKey(path);
        }
    }

    public void SelfTest(string folder)
    {
    }

    public void CreateFolder(string path)
    {
    }

    public IReadOnlyList<string> List(string folder)
    {
        lock (_lock)
        {
            return [.. _names.Keys.Where(name => Path.GetDirectoryName(name) == folder).Select(name => Path.GetFileName(name))];
        }
    }

    public IJournalFile Create(string path)
    {
        lock (_lock)
        {
            CallLocked("create", path);
            var inode = new Inode();
            return _names.TryAdd(path, inode)
                ? new FakeFile(this, inode, path)
                : throw new DiskException("create", path, DiskException.Exists);
        }
    }

    public IJournalFile Open(string path, bool writable)
    {
        lock (_lock)
        {
            CallLocked("open", path);
            return _names.TryGetValue(path, out var inode)
                ? new FakeFile(this, inode, path)
                : throw new DiskException("open", path, DiskException.NotFound);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_lock)
        {
            CallLocked("rename", from);
            _names.Remove(from, out var inode);
            _names[to] = inode ?? throw new DiskException("rename", from, DiskException.NotFound);
        }
    }

    public void Delete(string path)
    {
        lock (_lock)
        {
            CallLocked("unlink", path);
            if (!_names.Remove(path))
            {
                throw new DiskException("unlink", path, DiskException.NotFound);
            }
        }
    }

    public void SyncFolder(string path)
    {
        lock (_lock)
        {
            CallLocked("sync-folder", path);
            _durableNames = new(_names);
        }
    }

    public DiskSpace Space(string folder) => new(Free, Total);

    public IDisposable? TryLock(string path) => new MemoryStream();

    private void CallLocked(string call, string path)
    {
        if (_isOff)
        {
            throw new DiskException(call, path, DiskException.InputOutput);
        }

        Calls++;
        if (Fault(Calls, call) is { } errno)
        {
            throw new DiskException(call, path, errno);
        }
    }

    /// <summary>A file's bytes now, and those that would survive.</summary>
    private sealed class Inode
    {
        private const int SectorBytes = 16;

        public List<byte> Bytes { get; init; } = [];

        public List<byte> Durable { get; init; } = [];

        public List<(int Start, int Length)> Dirty { get; init; } = [];

        public bool HasFailedSync { get; set; }

        public Inode Copy() => new()
        {
            Bytes = [.. Bytes],
            Durable = [.. Durable],
            Dirty = [.. Dirty],
            HasFailedSync = HasFailedSync,
        };

        public void Persist(int start, int length)
        {
            for (var at = start; at < Math.Min(start + length, Bytes.Count); at++)
            {
                while (Durable.Count <= at)
                {
                    Durable.Add(0);
                }

                Durable[at] = Bytes[at];
            }
        }

        public Inode AfterPowerCut(Random? luck)
        {
            var copy = Copy();
            if (luck is not null)
            {
                foreach (var (start, length) in Dirty)
                {
                    for (var at = start; at < start + length; at += SectorBytes)
                    {
                        if (luck.Next(3) > 0)
                        {
                            copy.Persist(at, Math.Min(SectorBytes, start + length - at));
                        }
                    }
                }
            }

            return new Inode { Bytes = [.. copy.Durable], Durable = copy.Durable };
        }
    }

    private sealed class FakeFile(FakeDisk disk, Inode inode, string path) : IJournalFile
    {
        public long Length
        {
            get
            {
                lock (disk._lock)
                {
                    return inode.Bytes.Count;
                }
            }
        }

        public int Read(Span<byte> into, long offset)
        {
            lock (disk._lock)
            {
                var count = (int)Math.Max(0, Math.Min(into.Length, inode.Bytes.Count - offset));
                System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inode.Bytes).Slice((int)Math.Min(offset, inode.Bytes.Count), count).CopyTo(into);
                return count;
            }
        }

        public void Write(ReadOnlySpan<ReadOnlyMemory<byte>> parts, long offset)
        {
            lock (disk._lock)
            {
                byte[] bytes = [.. parts.ToArray().SelectMany(part => part.ToArray())];
                try
                {
                    disk.CallLocked("write", path);
                }
                catch (DiskException)
                {
                    // A failed write may have written a part.
                    Put(bytes.AsSpan(0, bytes.Length / 2), (int)offset);
                    throw;
                }

                Put(bytes, (int)offset);
            }
        }

        public void Sync()
        {
            disk.SyncGate.Wait();
            lock (disk._lock)
            {
                disk.ForbiddenSyncs += inode.HasFailedSync ? 1 : 0;
                try
                {
                    disk.CallLocked("sync", path);
                }
                catch (DiskException)
                {
                    inode.Dirty.Clear();
                    inode.HasFailedSync = true;
                    throw;
                }

                foreach (var (start, length) in inode.Dirty)
                {
                    inode.Persist(start, length);
                }

                inode.Dirty.Clear();
                if (inode.Durable.Count > inode.Bytes.Count)
                {
                    inode.Durable.RemoveRange(inode.Bytes.Count, inode.Durable.Count - inode.Bytes.Count);
                }
            }
        }

        public void Truncate(long length)
        {
            lock (disk._lock)
            {
                disk.CallLocked("truncate", path);
                inode.Bytes.RemoveRange((int)length, inode.Bytes.Count - (int)length);
            }
        }

        public void Dispose()
        {
        }

        private void Put(ReadOnlySpan<byte> bytes, int offset)
        {
            while (inode.Bytes.Count < offset + bytes.Length)
            {
                inode.Bytes.Add(0);
            }

            bytes.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inode.Bytes)[offset..]);
            inode.Dirty.Add((offset, bytes.Length));
        }
    }
}
