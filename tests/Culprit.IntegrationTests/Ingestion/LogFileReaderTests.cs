using System.IO.Compression;
using System.Text;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion.Files;
using Xunit;

namespace Culprit.IntegrationTests.Ingestion;

public sealed class LogFileReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("culprit-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void AFileIsReadHoweverItIsPackedAndNamed(string packing)
    {
        var path = Write("shop.log", Pack(Lines(10_000), packing));

        var (bodies, reader) = Read(path);

        Assert.Equal(10_000, bodies.Count);
        Assert.Equal("shop: message 9999", bodies[^1]);
        Assert.Null(reader.Problem);
        Assert.Equal(new FileInfo(path).Length, reader.BytesRead);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void OfATruncatedArchiveWhatStandsBeforeTheCutIsReadAndTheCutIsNamed(string packing)
    {
        var packed = Pack(Lines(200_000), packing);
        var path = Write("cut.log", packed[..(packed.Length / 2)]);

        var (bodies, reader) = Read(path);

        Assert.InRange(bodies.Count, 1000, 199_999);
        Assert.Contains("damaged or cut off", reader.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEmptyFileIsNamed()
    {
        var (bodies, reader) = Read(Write("empty.log", []));

        Assert.Empty(bodies);
        Assert.Contains("the file is empty", reader.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ABinaryFileIsNamedAndNotParsed()
    {
        var bytes = new byte[20_000];
        new Random(1).NextBytes(bytes.AsSpan(10_000));

        var (bodies, reader) = Read(Write("core.log", bytes));

        Assert.Empty(bodies);
        Assert.Contains("a binary file, not text", reader.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PK\u0003\u0004zip", "unpack it first")]
    [InlineData("BZh9", "unpack it first")]
    public void AnArchiveOfAnotherKindIsNamed(string content, string expected)
    {
        var (bodies, reader) = Read(Write("old.log", Encoding.Latin1.GetBytes(content)));

        Assert.Empty(bodies);
        Assert.Contains(expected, reader.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatHasGoneIsNamed()
    {
        var (bodies, reader) = Read(Path.Combine(_folder, "gone.log"));

        Assert.Empty(bodies);
        Assert.Contains("no such file", reader.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileWithoutPermissionIsNamed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.UserName == "root", "permissions do not bind this user");
        var path = Write("secret.log", Lines(1));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        var (_, reader) = Read(path);

        Assert.Contains("no permission", reader.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ALineOf100MegabytesIsCutWithinBoundedMemory()
    {
        var path = Path.Combine(_folder, "long.log");
        using (var file = File.Create(path))
        {
            var block = Encoding.ASCII.GetBytes(new string('x', 1 << 20));
            for (var i = 0; i < 100; i++)
            {
                file.Write(block);
            }

            file.Write("\n2024-01-15T10:00:00Z INFO after\n"u8);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var (bodies, reader) = Read(path);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(2, bodies.Count);
        Assert.Equal("long: after", bodies[1]);
        Assert.Equal(1, reader.Report.CutLines);
        Assert.InRange(allocated, 0, 16 << 20);
    }

    [Fact]
    public void StandardInputIsReadAsItComes()
    {
        var input = new LogInput(LogInput.StandardInput, "unknown", TelemetryKind.Logs, 0);
        using var reader = LogFileReader.Open(input, new MemoryStream(Pack(Lines(3), "gzip")), "default", TimeProvider.System);

        var bodies = Bodies(reader);

        Assert.Equal(["unknown: message 0", "unknown: message 1", "unknown: message 2"], bodies);
    }

    [Fact]
    public void ATelemetryFolderGivesRecordsOfEachKind()
    {
        Write("logs.jsonl", """{"timestamp":"2024-01-15T10:00:00Z","service":"cart","level":"ERROR","message":"boom"}"""u8.ToArray());
        Write("metrics.jsonl.gz", Pack("""{"timestamp":"2024-01-15T10:00:00Z","service":"cart","metric":"cpu","value":1}"""u8.ToArray(), "gzip"));
        Write("traces.jsonl", """{"timestamp":"2024-01-15T10:00:00Z","trace_id":"t","span_id":"s","service":"cart","operation":"GET","duration_ms":2}"""u8.ToArray());
        Write("changes.jsonl", """{"kind":"deploy","timestamp":"2024-01-15T10:00:00Z","service":"cart","message":"v2"}"""u8.ToArray());
        Write("alert.jsonl", """{"service":"cart"}"""u8.ToArray());

        var inputs = LogInputs.Expand([_folder], out var problems);
        var kinds = inputs.SelectMany(input =>
        {
            using var reader = LogFileReader.Open(input, Stream.Null, "default", TimeProvider.System);
            return reader.Read(TestContext.Current.CancellationToken).Select(batch => batch[0].Kind).ToList();
        });

        Assert.Empty(problems);
        Assert.Equal([EventKind.Log, EventKind.Metric, EventKind.Span, EventKind.Change], kinds);
    }

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private static byte[] Lines(int count) => Encoding.UTF8.GetBytes(string.Concat(
        Enumerable.Range(0, count).Select(i => $"2024-01-15T10:00:00Z INFO message {i}\n")));

    private static byte[] Pack(byte[] content, string packing)
    {
        var packed = new MemoryStream();
        using (var stream = packing switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "zstd" => new ZstdSharp.CompressionStream(packed, leaveOpen: true),
            _ => (Stream)new BufferedStream(packed),
        })
        {
            stream.Write(content);
            stream.Flush();
            return packing == "plain" ? packed.ToArray() : Finish(stream, packed);
        }
    }

    private static byte[] Finish(Stream stream, MemoryStream packed)
    {
        stream.Dispose();
        return packed.ToArray();
    }

    private static (List<string> Bodies, LogFileReader Reader) Read(string path)
    {
        var input = new LogInput(path, FileServiceName.Of(path, root: null), TelemetryKind.Logs, 0);
        using var reader = LogFileReader.Open(input, Stream.Null, "default", TimeProvider.System);
        return (Bodies(reader), reader);
    }

    private static List<string> Bodies(LogFileReader reader)
    {
        var bodies = new List<string>();
        foreach (var batch in reader.Read(TestContext.Current.CancellationToken))
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var body = batch[i].Body;
                bodies.Add($"{Encoding.UTF8.GetString(batch[i].Service)}: {Encoding.UTF8.GetString(body[..Math.Min(body.Length, 100)])}");
            }
        }

        return bodies;
    }
}
