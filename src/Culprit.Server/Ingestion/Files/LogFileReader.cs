using System.IO.Compression;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion.Files;

/// <summary>Reads one log or telemetry file, compressed or not, as batches of records.</summary>
/// <remarks>
/// What can be read is read: damage ends the file early and is named in <see cref="Problem"/>; nothing is thrown for bad
/// input. Not thread-safe; enumerate once.
/// </remarks>
internal sealed class LogFileReader : IDisposable
{
    private const int ChunkBytes = 256 * 1024;

    private readonly Stream? _raw;
    private readonly TimeProvider _clock;
    private readonly string _environment;
    private PrefixedStream? _counted;

    private LogFileReader(LogInput input, Stream? raw, string environment, TimeProvider clock)
    {
        Input = input;
        _raw = raw;
        _clock = clock;
        _environment = environment;
    }

    public LogInput Input { get; }

    /// <summary>What is wrong with the file as a whole; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Complete when the enumeration has ended.</summary>
    public LineStreamReport Report { get; private set; } = new();

    /// <summary>Bytes of the file read so far, before decompression: compare with <see cref="LogInput.Bytes"/>.</summary>
    public long BytesRead => _counted?.BytesRead ?? 0;

    /// <summary>Opens a file or, for <c>-</c>, the stream handed in. A file that cannot be opened gives no batches and a problem.</summary>
    public static LogFileReader Open(LogInput input, Stream standardInput, string environment, TimeProvider clock)
    {
        if (input.Path == LogInput.StandardInput)
        {
            return new LogFileReader(input, standardInput, environment, clock);
        }

        try
        {
            var stream = new FileStream(input.Path, new FileStreamOptions
            {
                Options = FileOptions.SequentialScan,
                BufferSize = 0,
                Share = FileShare.ReadWrite | FileShare.Delete,
            });
            return new LogFileReader(input, stream, environment, clock);
        }
        catch (UnauthorizedAccessException)
        {
            return Failed($"{input.Path}: no permission to read it");
        }
        catch (FileNotFoundException)
        {
            return Failed($"{input.Path}: no such file");
        }
        catch (IOException e)
        {
            return Failed($"{input.Path}: {e.Message}");
        }

        LogFileReader Failed(string problem) => new(input, null, environment, clock) { Problem = problem };
    }

    public IEnumerable<RecordBatch> Read(CancellationToken cancellationToken)
    {
        if (_raw is null)
        {
            yield break;
        }

        using var stream = OpenContent();
        var chunk = new byte[ChunkBytes];
        var length = stream is null ? 0 : Fill(stream, chunk);
        if (length == 0)
        {
            Problem ??= $"{Input.Path}: the file is empty";
            yield break;
        }

        if (FileKind.BinaryName(chunk.AsSpan(0, length)) is { } binary)
        {
            Problem = $"{Input.Path}: {binary}, not text";
            yield break;
        }

        var options = new LineStreamOptions
        {
            Service = Input.Service,
            Environment = _environment,
            Source = Input.Path == LogInput.StandardInput ? "stdin" : Input.Path,
            WrittenNanos = WrittenNanos(),
        };
        IStreamAssembler assembler = Input.Kind == TelemetryKind.Logs
            ? new LineAssembler(options)
            : new TelemetryAssembler(options, Input.Kind);
        Report = assembler.Report;
        while (length > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            assembler.Write(chunk.AsSpan(0, length));
            while (assembler.TryTake(out var batch))
            {
                yield return batch!;
            }

            length = Fill(stream!, chunk);
        }

        assembler.Finish();
        while (assembler.TryTake(out var batch))
        {
            yield return batch!;
        }
    }

    /// <summary>The text as it stands, instead of <see cref="Read"/>; null, and a problem, when there is none.</summary>
    public Stream? OpenText() => _raw is null ? null : OpenContent();

    public void Dispose() => _raw?.Dispose();

    /// <summary>The text of the file: magic bytes, not its name, say whether it is compressed.</summary>
    private Stream? OpenContent()
    {
        var first = new byte[64];
        var length = Fill(_raw!, first);
        _counted = new PrefixedStream(first.AsMemory(0, length), _raw!);
        switch (FileKind.Of(first.AsSpan(0, length)))
        {
            case FileCompression.None:
                return _counted;
            case FileCompression.Gzip:
                return new GZipStream(_counted, CompressionMode.Decompress);
            case FileCompression.Zstd:
                return new ZstdSharp.DecompressionStream(_counted, ChunkBytes, checkEndOfStream: true, leaveOpen: false);
            case FileCompression.Unsupported:
                Problem = $"{Input.Path}: compressed in a way that is not read here; unpack it first (gzip and zstd are read)";
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Reads until the buffer is full or the stream ends; damage ends it too.</summary>
    private int Fill(Stream stream, byte[] buffer)
    {
        var length = 0;
        try
        {
            while (length < buffer.Length)
            {
                var read = stream.Read(buffer, length, buffer.Length - length);
                if (read == 0)
                {
                    break;
                }

                length += read;

                // A pipe gives what it has: waiting for a full chunk would hold back what was said already. The first
                // chunk is awaited whole, because the formats are judged by it.
                if (Input.Path == LogInput.StandardInput && Report.Lines > 0)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException)
        {
            Problem = $"{Input.Path}: the compressed data is damaged or cut off; what stands before that was read";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"{Input.Path}: {e.Message}";
        }

        return length;
    }

    private long WrittenNanos() => UnixNanos.From(
        Input.Path == LogInput.StandardInput ? _clock.GetUtcNow() : new DateTimeOffset(File.GetLastWriteTimeUtc(Input.Path), TimeSpan.Zero));
}
