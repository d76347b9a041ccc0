using System.Text;

namespace Culprit.Engine.Storage;

/// <summary>Finds a text in UTF-8 bytes: ASCII letters match in either case, everything else byte for byte.</summary>
/// <remarks>
/// Unicode case is left alone on purpose: every store must give the same answer, and no two databases fold Unicode alike.
/// </remarks>
internal sealed class TextMatcher
{
    private readonly byte[] _needle;
    private readonly byte _firstUpper;

    public TextMatcher(string text)
    {
        _needle = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < _needle.Length; i++)
        {
            _needle[i] = ToLower(_needle[i]);
        }

        _firstUpper = _needle.Length == 0 ? (byte)0 : ToUpper(_needle[0]);
    }

    public bool IsIn(ReadOnlySpan<byte> text)
    {
        if (_needle.Length == 0)
        {
            return true;
        }

        while (text.Length >= _needle.Length)
        {
            var at = text[..(text.Length - _needle.Length + 1)].IndexOfAny(_needle[0], _firstUpper);
            if (at < 0)
            {
                return false;
            }

            if (StartsWithNeedle(text[at..]))
            {
                return true;
            }

            text = text[(at + 1)..];
        }

        return false;
    }

    private static byte ToLower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

    private static byte ToUpper(byte b) => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b & ~0x20) : b;

    private bool StartsWithNeedle(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < _needle.Length; i++)
        {
            if (ToLower(text[i]) != _needle[i])
            {
                return false;
            }
        }

        return true;
    }
}
