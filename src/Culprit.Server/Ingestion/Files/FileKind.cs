namespace Culprit.Server.Ingestion.Files;

/// <summary>How a file is packed.</summary>
internal enum FileCompression : byte
{
    None = 0,
    Gzip,
    Zstd,

    /// <summary>Known, but not read here.</summary>
    Unsupported,
}

/// <summary>Tells by first bytes what a file is.</summary>
internal static class FileKind
{
    private const int TarMagicAt = 257;

    public static FileCompression Of(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]))
        {
            return FileCompression.Gzip;
        }

        // A zstd file may begin with a skippable frame.
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
            || (start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1..].StartsWith((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18])))
        {
            return FileCompression.Zstd;
        }

        return start.StartsWith("BZh"u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0])
            || start.StartsWith("PK\x03\x04"u8) || start.StartsWith((ReadOnlySpan<byte>)[0x04, 0x22, 0x4D, 0x18])
            || start.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF])
                ? FileCompression.Unsupported
                : FileCompression.None;
    }

    /// <summary>What a file that is no text seems to be; null for text.</summary>
    /// <remarks>Single NULs occur in text after a crash, so only many of them make a file binary.</remarks>
    public static string? BinaryName(ReadOnlySpan<byte> start)
    {
        start = start[..Math.Min(start.Length, 64 * 1024)];
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return "UTF-16 (convert it to UTF-8)";
        }

        if (start.Length > TarMagicAt + 5 && start[TarMagicAt..].StartsWith("ustar"u8))
        {
            return "a tar archive (unpack it first)";
        }

        if (start.StartsWith("SQLite format 3\0"u8))
        {
            return "a database";
        }

        var nuls = start.Count((byte)0);
        var head = start[..Math.Min(start.Length, 8192)];
        return nuls > start.Length / 20 && head.Count((byte)0) > head.Length / 20 ? "a binary file" : null;
    }
}
