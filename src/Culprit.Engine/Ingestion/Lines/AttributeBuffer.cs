using System.Buffers;
using System.Buffers.Text;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Builds the attributes of one record as a JSON object, in memory that is reused for the next.</summary>
internal sealed class AttributeBuffer
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\', 0x7F]);

    private byte[] _bytes = new byte[1024];
    private int _length;

    public bool IsEmpty => _length == 0;

    /// <summary>The whole object; empty when nothing was added.</summary>
    public ReadOnlySpan<byte> Object
    {
        get
        {
            if (_length == 0)
            {
                return default;
            }

            Ensure(1);
            _bytes[_length] = (byte)'}';
            return _bytes.AsSpan(0, _length + 1);
        }
    }

    public void Clear() => _length = 0;

    /// <summary>Adds a member whose value is text; nothing is added for empty text.</summary>
    public void AddText(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return;
        }

        OpenMember(name);
        AppendQuoted(text);
    }

    public void AddNumber(ReadOnlySpan<byte> name, long value)
    {
        OpenMember(name);
        WriteNumber(value);
    }

    /// <summary>Adds a member whose value is JSON already.</summary>
    public void AddRaw(ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        OpenMember(name);
        Append(json);
    }

    /// <summary>Adds <c>"name":value</c> as it stood in a valid JSON object.</summary>
    public void AddMember(ReadOnlySpan<byte> member)
    {
        Ensure(1);
        _bytes[_length] = _length == 0 ? (byte)'{' : (byte)',';
        _length++;
        Append(member);
    }

    /// <summary>Goes on with the member that <see cref="AddMember"/> began.</summary>
    public void AppendMember(ReadOnlySpan<byte> rest) => Append(rest);

    /// <summary>Adds <c>"name":value</c> under a longer name.</summary>
    /// <param name="prefix">Without anything to escape.</param>
    public void AddPrefixed(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> member)
    {
        AddMember(member[..1]);
        Append(prefix);
        Append(member[1..]);
    }

    /// <summary>Begins a member; its value follows by one of the <c>Write</c> methods, piece by piece.</summary>
    public void OpenMember(ReadOnlySpan<byte> name)
    {
        Ensure(1);
        _bytes[_length] = _length == 0 ? (byte)'{' : (byte)',';
        _length++;
        AppendQuoted(name);
        Ensure(1);
        _bytes[_length++] = (byte)':';
    }

    /// <summary>A part of a value: a string.</summary>
    public void WriteText(ReadOnlySpan<byte> text) => AppendQuoted(text);

    /// <summary>A part of a value: JSON as it is.</summary>
    public void WriteRaw(ReadOnlySpan<byte> json) => Append(json);

    /// <summary>A part of a value: a number, or a string for one that JSON has no number for.</summary>
    public void WriteNumber(double value)
    {
        Ensure(32);
        if (!double.IsFinite(value))
        {
            Append(double.IsNaN(value) ? "\"NaN\""u8 : value > 0 ? "\"Infinity\""u8 : "\"-Infinity\""u8);
            return;
        }

        Utf8Formatter.TryFormat(value, _bytes.AsSpan(_length), out var written);
        _length += written;
    }

    /// <inheritdoc cref="WriteNumber(double)"/>
    public void WriteNumber(long value)
    {
        Ensure(24);
        Utf8Formatter.TryFormat(value, _bytes.AsSpan(_length), out var written);
        _length += written;
    }

    private void AppendQuoted(ReadOnlySpan<byte> text)
    {
        Ensure(1);
        _bytes[_length++] = (byte)'"';
        while (true)
        {
            var run = text.IndexOfAny(Escaped);
            if (run < 0)
            {
                Append(text);
                break;
            }

            Append(text[..run]);
            AppendEscape(text[run]);
            text = text[(run + 1)..];
        }

        Ensure(1);
        _bytes[_length++] = (byte)'"';
    }

    private void AppendEscape(byte c)
    {
        switch (c)
        {
            case (byte)'"':
                Append("\\\""u8);
                break;
            case (byte)'\\':
                Append("\\\\"u8);
                break;
            case (byte)'\n':
                Append("\\n"u8);
                break;
            case (byte)'\t':
                Append("\\t"u8);
                break;
            case (byte)'\r':
                Append("\\r"u8);
                break;
            default:
                Append("\\u00"u8);
                Append("0123456789abcdef"u8.Slice(c >> 4, 1));
                Append("0123456789abcdef"u8.Slice(c & 15, 1));
                break;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Ensure(int more)
    {
        if (_bytes.Length - _length < more)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
        }
    }
}
