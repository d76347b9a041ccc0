using System.IO.Compression;
using Snappier;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Culprit.Server.Ingestion;

/// <summary>How an inflation ended.</summary>
internal enum DecodeOutcome
{
    Ok,
    Corrupt,
    TooLarge,
    Busy,
}

/// <summary>Undoes one layer of gzip, deflate, zstd or snappy with a cap on size and ratio.</summary>
internal static class ContentDecoder
{
    /// <summary>Inflated bytes per sent byte; real logs stay below 50.</summary>
    public const int MaxRatio = 200;

    // Below this a high ratio is harmless: a few hundred equal short lines reach it.
    private const int RatioFreeBytes = 64 * 1024;
    private const int Step = 64 * 1024;

    // 8 MiB, the window that every decoder must support (RFC 8878); more would be allocated on a header's word alone.
    private const int MaxZstdWindowLog = 23;

    // The framing format begins with this chunk; a block never does: it would be 16 KiB of nothing but the rest of the chunk.
    private static ReadOnlySpan<byte> SnappyFrame => [0xff, 0x06, 0x00, 0x00, (byte)'s', (byte)'N', (byte)'a', (byte)'P', (byte)'p', (byte)'Y'];

    // Without this, .NET takes a stream that was cut off for one that ended, and half a batch would be answered with success.
    // Set here as well as in the project, for hosts with a runtime configuration of their own.
    static ContentDecoder() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    public static bool IsSupported(string encoding) => encoding.Length == 0
        || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)
        || IsGzip(encoding) || IsDeflate(encoding) || IsZstd(encoding) || IsSnappy(encoding);

    public static bool IsEncoded(string encoding) =>
        encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);

    /// <param name="start">Bytes of the source that are not encoded.</param>
    public static DecodeOutcome Decode(string encoding, PooledBuffer source, PooledBuffer target, int start = 0)
    {
        var segment = source.Segment[start..];
        var cap = (int)Math.Min(BodyReader.MaxBytes, Math.Max(RatioFreeBytes, (long)MaxRatio * segment.Count));
        if (IsSnappy(encoding) && !segment.AsSpan().StartsWith(SnappyFrame))
        {
            return DecodeBlock(segment, target, cap);
        }

        using var input = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
        try
        {
            using var stream = Open(encoding, input, segment);
            while (true)
            {
                var free = target.GetFree(Step);
                if (free.IsEmpty)
                {
                    return DecodeOutcome.Busy;
                }

                var read = stream.Read(free.Span);
                if (read == 0)
                {
                    return target.Length > 0 ? DecodeOutcome.Ok : DecodeOutcome.Corrupt;
                }

                target.Advance(read);
                if (target.Length > cap)
                {
                    return DecodeOutcome.TooLarge;
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or EndOfStreamException)
        {
            return DecodeOutcome.Corrupt;
        }
    }

    /// <summary>Snappy as shippers use it: one block that says its length first.</summary>
    private static DecodeOutcome DecodeBlock(ReadOnlySpan<byte> source, PooledBuffer target, int cap)
    {
        try
        {
            var length = Snappy.GetUncompressedLength(source);
            if (length > cap)
            {
                return DecodeOutcome.TooLarge;
            }

            var free = target.GetFree(Math.Max(length, 1));
            if (free.IsEmpty)
            {
                return DecodeOutcome.Busy;
            }

            target.Advance(Snappy.Decompress(source, free.Span));
            return target.Length == length ? DecodeOutcome.Ok : DecodeOutcome.Corrupt;
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException or ArgumentException)
        {
            return DecodeOutcome.Corrupt;
        }
    }

    private static Stream Open(string encoding, Stream input, ReadOnlySpan<byte> bytes)
    {
        if (IsGzip(encoding))
        {
            return new GZipStream(input, CompressionMode.Decompress);
        }

        if (IsDeflate(encoding))
        {
            // "deflate" means zlib, but some clients send the bare stream.
            return bytes.Length >= 2 && (bytes[0] & 0x0F) == 8 && ((bytes[0] << 8) | bytes[1]) % 31 == 0
                ? new ZLibStream(input, CompressionMode.Decompress)
                : new DeflateStream(input, CompressionMode.Decompress);
        }

        if (IsSnappy(encoding))
        {
            return new SnappyStream(input, CompressionMode.Decompress);
        }

        var zstd = new DecompressionStream(input, checkEndOfStream: true);
        zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxZstdWindowLog);
        return zstd;
    }

    private static bool IsGzip(string encoding) =>
        encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);

    private static bool IsDeflate(string encoding) => encoding.Equals("deflate", StringComparison.OrdinalIgnoreCase);

    private static bool IsZstd(string encoding) => encoding.Equals("zstd", StringComparison.OrdinalIgnoreCase);

    private static bool IsSnappy(string encoding) => encoding.Equals("snappy", StringComparison.OrdinalIgnoreCase);
}
