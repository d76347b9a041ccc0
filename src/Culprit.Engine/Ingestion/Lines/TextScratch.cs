using System.Text;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Memory for text that does not stand in the line as it is: unescaped, cleaned or put together.</summary>
/// <remarks>Spans handed out stay readable until the next <see cref="Clear"/>, even when the memory grows.</remarks>
internal sealed class TextScratch
{
    private byte[] _bytes = new byte[4096];
    private int _length;

    public void Clear() => _length = 0;

    /// <summary>Where text put together by <see cref="Append"/> begins; pass it to <see cref="From"/>.</summary>
    public int Mark => _length;

    public ReadOnlySpan<byte> From(int mark) => _bytes.AsSpan(mark, _length - mark);

    public void Append(ReadOnlySpan<byte> text)
    {
        Ensure(text.Length);
        text.CopyTo(_bytes.AsSpan(_length));
        _length += text.Length;
    }

    /// <summary>The content of a string that <see cref="JsonScan"/> has passed; NUL becomes U+FFFD, which every store can hold.</summary>
    public ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> escaped)
    {
        var mark = _length;

        // The longest growth is \u0000 (6 bytes) to U+FFFD (3 bytes): the source's length is enough.
        Ensure(escaped.Length);
        while (true)
        {
            var run = escaped.IndexOf((byte)'\\');
            if (run < 0)
            {
                Append(escaped);
                return From(mark);
            }

            Append(escaped[..run]);
            var c = escaped[run + 1];
            if (c == (byte)'u')
            {
                escaped = AppendRune(escaped[(run + 2)..]);
                continue;
            }

            Ensure(1);
            _bytes[_length++] = c switch
            {
                (byte)'b' => 8,
                (byte)'t' => (byte)'\t',
                (byte)'n' => (byte)'\n',
                (byte)'f' => 12,
                (byte)'r' => (byte)'\r',
                _ => c,
            };
            escaped = escaped[(run + 2)..];
        }
    }

    private ReadOnlySpan<byte> AppendRune(ReadOnlySpan<byte> digits)
    {
        var unit = JsonScan.Hex4(digits, 0);
        var used = 4;
        var rune = Rune.ReplacementChar;
        if (char.IsHighSurrogate((char)unit))
        {
            // Half a pair has no character; a reader that does not mind it may have passed it.
            var low = digits.Length >= 10 && digits[4] == (byte)'\\' && digits[5] == (byte)'u' ? JsonScan.Hex4(digits, 6) : 0;
            if (char.IsLowSurrogate((char)low))
            {
                rune = new Rune((char)unit, (char)low);
                used = 10;
            }
        }
        else if (unit != 0 && !char.IsLowSurrogate((char)unit))
        {
            rune = new Rune((char)unit);
        }

        Ensure(4);
        _length += rune.EncodeToUtf8(_bytes.AsSpan(_length));
        return digits[used..];
    }

    private void Ensure(int more)
    {
        if (_bytes.Length - _length < more)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
        }
    }
}
