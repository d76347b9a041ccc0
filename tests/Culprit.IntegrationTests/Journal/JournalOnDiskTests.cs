using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.Journal;
using Xunit;

namespace Culprit.IntegrationTests.Journal;

/// <summary>The journal on a real file system.</summary>
public sealed class JournalOnDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("culprit-journal-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<bool> Systems => OperatingSystem.IsLinux() ? new(true, false) : new(false);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task WhatWasAppendedReadsBackFromMemoryAndFromDisk(bool isPosix)
    {
        var files = Files(isPosix);
        var written = new List<string>();
        await using (var journal = Open(files))
        {
            for (var i = 0; i < 40; i++)
            {
                // Small ones are copied into the write, large ones are gathered: both, mixed.
                string[] bodies = [.. Enumerable.Range(0, 1 + (i % 3)).Select(n => $"{i}.{n} {new string('x', i * 300)}")];
                Assert.True((await journal.AppendAsync(Batch(bodies), Token)).Accepted);
                written.AddRange(bodies);
            }

            Assert.Equal(written, await BodiesAsync(journal, written.Count));
            Assert.True(Directory.GetFiles(Folder, "*.wal").Length > 3);
        }

        await using var reopened = Open(files);

        Assert.Equal(written, await BodiesAsync(reopened, written.Count));
        Assert.Equal(0, reopened.CorruptRangeCount);
    }

    [Fact]
    public async Task OneWriteTakesMoreFramesThanTheKernelTakesParts()
    {
        var options = Options();
        options.MaxGroupBytes = 32 * 1024 * 1024;
        await using var journal = FileJournal.Open(options, PosixFileSystem.OfThisSystem(), TimeProvider.System, null, 0);

        var answers = await Task.WhenAll(Enumerable.Range(0, 3000).Select(
            i => journal.AppendAsync(Batch($"{i} {new string('y', 2500)}"), Token)));

        Assert.All(answers, answer => Assert.True(answer.Accepted));
        await journal.DisposeAsync();
        await using var reopened = Open(PosixFileSystem.OfThisSystem());
        var bodies = await BodiesAsync(reopened, 3000);
        Assert.Equal(Enumerable.Range(0, 3000), bodies.Select(body => int.Parse(body.Split(' ')[0], null)));
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task ASecondProcessIsRefusedAndTheFirstGoesOn(bool isPosix)
    {
        await using var journal = Open(Files(isPosix));

        var refusal = Assert.Throws<JournalOpenException>(() => Open(Files(isPosix)));

        Assert.Contains("Another process", refusal.Message, StringComparison.Ordinal);
        Assert.True((await journal.AppendAsync(Batch("a"), Token)).Accepted);
    }

    [Theory]
    [MemberData(nameof(Systems))]
    public async Task TrimDeletesFilesAndReadersGoOn(bool isPosix)
    {
        await using var journal = Open(Files(isPosix));
        await using var reader = journal.ReadAsync(0, Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 60; i++)
        {
            await journal.AppendAsync(Batch(new string('z', 5000)), Token);
        }

        var before = Directory.GetFiles(Folder, "*.wal").Length;
        Assert.True(await reader.MoveNextAsync());
        journal.Trim(50);

        Assert.InRange(Directory.GetFiles(Folder, "*.wal").Length, 1, before / 2);
        Assert.True(await reader.MoveNextAsync());
    }

    [Fact]
    public async Task AFileOfTheWrongKindInTheFolderIsLeftAlone()
    {
        Directory.CreateDirectory(Folder);
        var note = Path.Combine(Folder, "note.txt");
        await File.WriteAllTextAsync(note, "mine", Token);
        var unfinished = Path.Combine(Folder, "00000000000000000001.wal.3.new");
        await File.WriteAllTextAsync(unfinished, "half", Token);

        await using var journal = Open(PosixFileSystem.OfThisSystem());

        Assert.True(File.Exists(note));
        Assert.False(File.Exists(unfinished));
        Assert.Equal(0, journal.LastSequence);
    }

    [Fact]
    public void AFolderThatCannotBeMadeRefusesToStartAndSaysWhy()
    {
        var file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        var options = Options();
        options.Folder = Path.Combine(file, "journal");

        var refusal = Assert.Throws<JournalOpenException>(
            () => FileJournal.Open(options, PosixFileSystem.OfThisSystem(), TimeProvider.System, null, 0));

        Assert.Contains("cannot be opened", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheKernelsErrorsArriveWithTheirNumbers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux only");
        var files = new PosixFileSystem();
        files.SelfTest(_root);
        var path = Path.Combine(_root, "one");

        using (var file = files.Create(path))
        {
            file.Write(["abc"u8.ToArray(), "de"u8.ToArray()], 0);
            file.Sync();
            file.Truncate(4);
            var read = new byte[10];
            Assert.Equal(4, file.Read(read, 0));
            Assert.Equal("abcd"u8, read.AsSpan(0, 4));
            Assert.Equal(4, file.Length);
        }

        Assert.Equal(DiskException.Exists, Assert.Throws<DiskException>(() => files.Create(path)).Errno);
        using (var readOnly = files.Open(path, writable: false))
        {
            Assert.Equal(9, Assert.Throws<DiskException>(() => readOnly.Write([new byte[1]], 0)).Errno);
        }

        files.Rename(path, path + "2");
        files.SyncFolder(_root);
        Assert.Equal(DiskException.NotFound, Assert.Throws<DiskException>(() => files.Delete(path)).Errno);
        Assert.True(files.Space(_root) is { Free: > 0, Total: > 0 });
    }

    [Fact]
    public void AFullDeviceIsToldApartFromABrokenOne()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "/dev/full is missing");
        using var full = new PosixFileSystem().Open("/dev/full", writable: true);

        var failure = Assert.Throws<DiskException>(() => full.Write([new byte[10]], 0));

        Assert.True(failure.IsNoSpace);
    }

    private string Folder => Path.Combine(_root, "data", "journal");

    private static IFileSystem Files(bool isPosix) => isPosix ? new PosixFileSystem() : new PortableFileSystem();

    private JournalOptions Options() => new() { Folder = Folder, SegmentBytes = 64 * 1024, MaxDiskUse = 1 };

    private FileJournal Open(IFileSystem files)
    {
        var options = Options();
        options.RecentBytes = 100 * 1024;
        return FileJournal.Open(options, files, TimeProvider.System, null, 0);
    }

    private static RecordBatch Batch(params string[] bodies)
    {
        var writer = new RecordBatchWriter();
        foreach (var body in bodies)
        {
            writer.Begin();
            writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(body));
            writer.Commit(1, EventKind.Log, Severity.Info, RecordFlags.None);
        }

        return writer.ToBatch(1);
    }

    private static async Task<List<string>> BodiesAsync(FileJournal journal, long last)
    {
        var bodies = new List<string>();
        await foreach (var entry in journal.ReadAsync(0, Token))
        {
            for (var i = 0; i < entry.Batch!.Count; i++)
            {
                bodies.Add(Encoding.UTF8.GetString(entry.Batch[i].Body));
            }

            if (entry.LastSequence >= last)
            {
                break;
            }
        }

        return bodies;
    }
}
