namespace Culprit.Engine.Ingestion.Lines;

/// <summary>A program's line that its container runtime wrote in pieces; at most <see cref="LineSplitter.MaxLineBytes"/> of it.</summary>
internal sealed class PartialLine
{
    private byte[] _bytes = [];
    private int _length;

    public bool IsEmpty => _length == 0;

    public bool IsCut { get; private set; }

    public void Append(ReadOnlySpan<byte> part)
    {
        if (_length == 0)
        {
            IsCut = false;
        }

        var kept = ByteText.Cut(part, LineSplitter.MaxLineBytes - _length);
        IsCut |= kept.Length < part.Length;
        if (_bytes.Length - _length < kept.Length)
        {
            Array.Resize(ref _bytes, Math.Min(LineSplitter.MaxLineBytes, Math.Max(_bytes.Length * 2, _length + kept.Length)));
        }

        kept.CopyTo(_bytes.AsSpan(_length));
        _length += kept.Length;
    }

    /// <summary>The whole line, readable until the next <see cref="Append"/>; empty afterwards.</summary>
    public ReadOnlySpan<byte> Take()
    {
        var line = _bytes.AsSpan(0, _length);
        _length = 0;
        return line;
    }
}
