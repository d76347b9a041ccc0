using System.Buffers.Binary;
using Culprit.Server.Journal;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Journal;

/// <summary>Whatever is in the files: the journal starts, loses only what is damaged, and says what that is.</summary>
public sealed class JournalCorruptionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ATornLastFrameIsCutOffAtEveryOffset()
    {
        var (disk, ends) = await WrittenAsync(6);
        var path = JournalBench.PathOf(1);
        var whole = disk.Content(path);
        for (var length = ends[^2]; length < ends[^1]; length++)
        {
            var torn = new FakeDisk();
            torn.Put(path, whole[..length]);

            await using var journal = JournalBench.Open(torn);

            Assert.Equal(10, journal.LastSequence);
            Assert.Equal(0, journal.CorruptRangeCount);
            Assert.Equal(ends[^2], torn.Content(path).Length);
            Assert.Equal(11, (await journal.AppendAsync(JournalBench.Batch("next"), Token)).Batch!.FirstSequence);
            Assert.Equal(11, (await JournalBench.ReadAllAsync(journal, Token)).Count);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AFlippedBitLosesOnlyItsFrameAndIsReported(bool isOlderSegment)
    {
        var (disk, ends) = await WrittenAsync(6, isOlderSegment);
        var path = JournalBench.PathOf(1);
        var whole = disk.Content(path);
        var names = disk.List(JournalBench.Folder);
        for (var at = 0; at < ends[^1]; at++)
        {
            var flipped = new FakeDisk();
            foreach (var name in names)
            {
                flipped.Put(Path.Combine(JournalBench.Folder, name), disk.Content(Path.Combine(JournalBench.Folder, name)));
            }

            var bytes = (byte[])whole.Clone();
            bytes[at] ^= (byte)(1 << (at % 8));
            flipped.Put(path, bytes);
            await using var journal = JournalBench.Open(flipped);
            var found = (await JournalBench.ReadAllAsync(journal, Token)).Select(f => f.Text).Where(t => !t.StartsWith('t'));

            var frame = at < SegmentHeader.TotalBytes ? -1 : ends.FindIndex(end => at < end);
            var expected = Enumerable.Range(0, 12).Where(n => frame < 0 || n / 2 != frame).Select(n => JournalBench.Body(n));
            Assert.True(expected.SequenceEqual(found), $"byte {at}: {string.Join(' ', found)}");

            // Only the length of the very last frame can make damage look like a torn write.
            var looksTorn = !isOlderSegment && frame == 5 && at < ends[4] + 4;
            Assert.True(looksTorn || (frame < 0 ? 0 : 1) == journal.CorruptRangeCount, $"byte {at}");
        }
    }

    [Fact]
    public async Task DamagedBytesAreCopiedToTheCorruptFolder()
    {
        var (disk, ends) = await WrittenAsync(6);
        var path = JournalBench.PathOf(1);
        var bytes = disk.Content(path);
        bytes[ends[1] + 30] ^= 1;
        disk.Put(path, bytes);

        await using var journal = JournalBench.Open(disk);

        var range = Assert.Single(journal.CorruptRanges);
        Assert.Equal((ends[1], ends[2] - ends[1], 5), (range.Offset, range.Length, range.FirstSequence));
        Assert.Contains("checksum", range.Reason, StringComparison.Ordinal);
        var saved = disk.Content(Path.Combine(JournalBench.Folder, "corrupt", range.SavedAs!));
        Assert.Equal(bytes[ends[1]..ends[2]], saved);
    }

    [Fact]
    public async Task MutatedFilesNeverStopTheStartAndLoseNothingElse()
    {
        var seed = FaultTier.NewSeed();
        var runs = FaultTier.Runs(500, 100_000);
        var random = new Random(seed);
        var (disk, ends) = await WrittenAsync(12, padding: 40);
        var path = JournalBench.PathOf(1);
        var whole = disk.Content(path);
        for (var run = 0; run < runs; run++)
        {
            var (bytes, firstChange) = Mutate(whole, random);
            var mutated = new FakeDisk();
            mutated.Put(path, bytes);

            await using var journal = JournalBench.Open(mutated);
            var found = await JournalBench.ReadAllAsync(journal, Token);

            var texts = found.Select(f => f.Text).ToList();
            var untouched = firstChange < SegmentHeader.TotalBytes ? 0 : ends.Count(end => end <= firstChange) * 2;
            var hint = $"seed {seed} run {run}";
            Assert.True(Enumerable.Range(0, untouched).All(n => texts[n] == JournalBench.Body(n, 40)), hint);
            Assert.True(found.All(f => f.Sequence <= 24 && f.Text == JournalBench.Body((int)f.Sequence - 1, 40)), hint);
            Assert.True(texts.Distinct().Count() == texts.Count, hint);
            Assert.True((await journal.AppendAsync(JournalBench.Batch("fresh"), Token)).Accepted, hint);
        }

        FaultTier.Report($"R5 mutated journal files, {runs} files, seed {seed}: 0 failed starts, 0 undamaged frames lost, 0 foreign records");
    }

    [Fact]
    public async Task RandomBytesInEveryFileStillStart()
    {
        var random = new Random(7);
        for (var run = 0; run < 50; run++)
        {
            var disk = new FakeDisk();
            for (var first = 1; first < 100; first += 33)
            {
                var bytes = new byte[random.Next(400)];
                random.NextBytes(bytes);
                disk.Put(JournalBench.PathOf(first), bytes);
            }

            await using var journal = JournalBench.Open(disk);
            var answer = await journal.AppendAsync(JournalBench.Batch("fresh"), Token);

            Assert.True(answer.Batch!.FirstSequence > 67);
            Assert.Equal(3, journal.CorruptRangeCount);
        }
    }

    [Fact]
    public async Task AFormatFromTheFutureRefusesToStartAndSaysWhy()
    {
        var (disk, _) = await WrittenAsync(2);
        var future = new SegmentHeader(SegmentHeader.CurrentVersion + 1, 1, 1, 1);
        disk.Put(JournalBench.PathOf(1), future.ToBytes());

        var refusal = Assert.Throws<JournalOpenException>(() => JournalBench.Open(disk));

        Assert.Contains("newer version", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatTheVersionBeforeWroteIsReadAndGoneOnFrom()
    {
        var (disk, _) = await WrittenAsync(3);
        var path = JournalBench.PathOf(1);
        var bytes = disk.Content(path);
        Assert.True(SegmentHeader.TryRead(bytes, out var header));
        disk.Put(path, [.. (header with { Version = SegmentHeader.CurrentVersion - 1 }).ToBytes(), .. bytes[SegmentHeader.TotalBytes..]]);

        await using var journal = JournalBench.Open(disk);
        var next = await journal.AppendAsync(JournalBench.Batch("next"), Token);

        Assert.Equal(7, next.Batch!.FirstSequence);
        Assert.Equal(0, journal.CorruptRangeCount);
        Assert.Equal(7, (await JournalBench.ReadAllAsync(journal, Token)).Count);
    }

    [Fact]
    public async Task ANoteIsReadBackWithItsBatch()
    {
        var disk = new FakeDisk();
        var noted = new Culprit.Engine.Records.RecordBatchWriter();
        noted.Copy(JournalBench.Batch("a")[0]);
        await using (var first = JournalBench.Open(disk))
        {
            await first.AppendAsync(noted.ToBatch(1, note: "note"u8), Token);
        }

        await using var journal = JournalBench.Open(disk);
        await foreach (var entry in journal.ReadAsync(0, Token))
        {
            Assert.Equal("note"u8, entry.Batch!.Note.Span);
            Assert.Equal("a"u8, entry.Batch[0].Body);
            break;
        }
    }

    [Fact]
    public async Task AFrameInsideAMessageIsNotTakenForOneAfterDamage()
    {
        var disk = new FakeDisk();
        var payload = JournalBench.Batch("forged").Bytes.ToArray();
        var forged = new byte[Frame.HeaderBytes + payload.Length];
        var checksum = Frame.Checksum(Frame.PayloadRegister(payload), salt: 0, payload.Length, Frame.BatchKind, 1);
        Frame.WriteHeader(forged, payload.Length, checksum, Frame.BatchKind, 1);
        payload.CopyTo(forged, Frame.HeaderBytes);
        var writer = new Culprit.Engine.Records.RecordBatchWriter();
        writer.Begin();
        writer.Set(Culprit.Engine.Records.LogRecord.BodyField, forged);
        writer.Commit(1, Culprit.Engine.Records.EventKind.Log, Culprit.Engine.Records.Severity.Info, 0);
        await using (var journal = JournalBench.Open(disk))
        {
            await journal.AppendAsync(writer.ToBatch(1), Token);
            await journal.AppendAsync(JournalBench.Batch("real"), Token);
        }

        var bytes = disk.Content(JournalBench.PathOf(1));
        bytes[SegmentHeader.TotalBytes + 4] ^= 1;
        disk.Put(JournalBench.PathOf(1), bytes);
        await using var reopened = JournalBench.Open(disk);

        Assert.Equal([(2, "real")], await JournalBench.ReadAllAsync(reopened, Token));
    }

    [Fact]
    public async Task AMissingSegmentIsReportedAndTheRestLoads()
    {
        var disk = new FakeDisk();
        await using (var journal = JournalBench.Open(disk, JournalBench.Options(200)))
        {
            for (var i = 0; i < 12; i++)
            {
                await journal.AppendAsync(JournalBench.Batch(JournalBench.Body(i, 60)), Token);
            }
        }

        var firsts = disk.List(JournalBench.Folder).Order(StringComparer.Ordinal).ToList();
        disk.Delete(Path.Combine(JournalBench.Folder, firsts[2]));
        await using var reopened = JournalBench.Open(disk);
        var found = await JournalBench.ReadAllAsync(reopened, Token);

        Assert.InRange(found.Count, 8, 11);
        Assert.Equal(12, found[^1].Sequence);
        Assert.Contains("missing", Assert.Single(reopened.CorruptRanges).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryBitOfTheHeaderIsHeldByItsSecondCopy()
    {
        var header = new SegmentHeader(SegmentHeader.CurrentVersion, 0x1234_5678_9ABC_DEF0, 42, 7);
        for (var bit = 0; bit < 8 * SegmentHeader.TotalBytes; bit++)
        {
            var bytes = header.ToBytes();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));

            Assert.True(SegmentHeader.TryRead(bytes, out var read));
            Assert.Equal(header, read);
        }
    }

    [Fact]
    public void TheChecksumIsCrc32C()
    {
        // The check value of the polynomial's definition (RFC 3720, appendix B.4).
        Assert.Equal(0xE3069283u, ~Crc32C.Append(Crc32C.Start, "123456789"u8));
    }

    /// <summary>Batches of two records, bodies 0, 1, 2 ...; and where each frame of the first segment ends.</summary>
    private static async Task<(FakeDisk Disk, List<int> Ends)> WrittenAsync(
        int batches, bool withLaterSegment = false, int padding = 0)
    {
        var disk = new FakeDisk();
        await using (var journal = JournalBench.Open(disk))
        {
            for (var i = 0; i < batches; i++)
            {
                await journal.AppendAsync(
                    JournalBench.Batch(JournalBench.Body(2 * i, padding), JournalBench.Body((2 * i) + 1, padding)), Token);
            }
        }

        if (withLaterSegment)
        {
            await using var second = JournalBench.Open(disk);
            await second.AppendTickAsync(5, Token);
        }

        var bytes = disk.Content(JournalBench.PathOf(1));
        var ends = new List<int>();
        for (var at = SegmentHeader.TotalBytes; at < bytes.Length; ends.Add(at))
        {
            at += Frame.HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
        }

        return (disk, ends);
    }

    private static (byte[] Bytes, int FirstChange) Mutate(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        var first = int.MaxValue;
        for (var i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            first = Math.Min(first, at);
            var length = Math.Min(random.Next(1, 80), bytes.Count - at);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.RemoveRange(at, length);
                    bytes.InsertRange(at, new byte[length]);
                    break;
            }
        }

        return ([.. bytes], first);
    }
}
