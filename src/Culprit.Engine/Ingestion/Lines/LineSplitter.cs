namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Cuts a stream of chunks into lines; holds at most <see cref="MaxLineBytes"/> whatever the input.</summary>
internal sealed class LineSplitter
{
    /// <summary>The rest of a longer line is dropped and the line flagged.</summary>
    public const int MaxLineBytes = 256 * 1024;

    private byte[] _carry = new byte[4096];
    private int _length;
    private bool _isCut;
    private bool _isTaken;
    private bool _hasStarted;

    /// <summary>Takes one line off the front of the chunk; false when the chunk holds no further line end (it is then kept).</summary>
    /// <param name="line">Without its line end; valid until the next call.</param>
    public bool TryRead(scoped ref ReadOnlySpan<byte> chunk, out ReadOnlySpan<byte> line, out bool isCut)
    {
        Release();
        var end = chunk.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(chunk);
            chunk = default;
            line = default;
            isCut = false;
            return false;
        }

        var part = chunk[..end];
        chunk = chunk[(end + 1)..];
        if (_length == 0 && !_isCut)
        {
            isCut = part.Length > MaxLineBytes;
            line = TrimEnd(isCut ? ByteText.Cut(part, MaxLineBytes) : part);
        }
        else
        {
            Keep(part);
            line = TakeCarry(out isCut);
        }

        line = SkipMark(line);
        return true;
    }

    /// <summary>What stands behind the last line end; false when nothing does.</summary>
    public bool TryFinish(out ReadOnlySpan<byte> line, out bool isCut)
    {
        Release();
        line = default;
        isCut = false;
        if (_length == 0)
        {
            return false;
        }

        line = SkipMark(TakeCarry(out isCut));
        return !line.IsEmpty;
    }

    private ReadOnlySpan<byte> TakeCarry(out bool isCut)
    {
        isCut = _isCut;
        _isTaken = true;
        var line = _carry.AsSpan(0, _length);
        return TrimEnd(isCut ? ByteText.Cut(line, MaxLineBytes - 4) : line);
    }

    private void Release()
    {
        if (_isTaken)
        {
            _length = 0;
            _isCut = false;
            _isTaken = false;
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        var room = MaxLineBytes - _length;
        if (part.Length > room)
        {
            part = part[..room];
            _isCut = true;
        }

        if (_carry.Length - _length < part.Length)
        {
            Array.Resize(ref _carry, Math.Min(MaxLineBytes, Math.Max(_carry.Length * 2, _length + part.Length)));
        }

        part.CopyTo(_carry.AsSpan(_length));
        _length += part.Length;
    }

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line) =>
        !line.IsEmpty && line[^1] == (byte)'\r' ? line[..^1] : line;

    /// <summary>The byte order mark that Windows programs put in front of a file is no text.</summary>
    private ReadOnlySpan<byte> SkipMark(ReadOnlySpan<byte> line)
    {
        if (_hasStarted)
        {
            return line;
        }

        _hasStarted = true;
        return line.StartsWith("\uFEFF"u8) ? line[3..] : line;
    }
}
