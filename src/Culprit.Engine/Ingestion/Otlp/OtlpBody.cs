using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>The body of a log record: text as it is, a map as a JSON document, anything else as the text of its JSON.</summary>
/// <remarks>Reused; not thread-safe.</remarks>
internal sealed class OtlpBody
{
    private const uint StringValue = (1 << 3) | ProtoReader.Bytes;

    private readonly OtlpAttributes _writer = new();
    private readonly AttributeBuffer _json = new();
    private byte[] _text = [];
    private int _length;

    /// <summary>The text is a JSON object with fields of its own.</summary>
    public bool IsDocument { get; private set; }

    public bool IsCut => _writer.IsCut;

    public bool IsTooDeep => _writer.IsTooDeep;

    /// <summary>Readable until the next body.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    /// <summary>False when the value is not well-formed.</summary>
    public bool TryRead(ReadOnlySpan<byte> value)
    {
        _json.Clear();
        _writer.Begin(_json);
        _length = 0;
        IsDocument = false;
        var reader = new ProtoReader(value);
        if (!reader.Read())
        {
            return !reader.IsBroken;
        }

        if (reader.Tag == StringValue)
        {
            Keep(reader.Content);
            return !reader.Read() && !reader.IsBroken;
        }

        // The buffer holds {"":value}.
        _json.OpenMember(default);
        _writer.WriteValue(value, 0);
        Keep(_json.Object[4..^1]);
        IsDocument = _length > 2 && _text[0] == (byte)'{';
        return !_writer.IsBroken;
    }

    private void Keep(ReadOnlySpan<byte> text)
    {
        if (_text.Length < text.Length)
        {
            _text = new byte[Math.Max(text.Length, 2 * _text.Length)];
        }

        text.CopyTo(_text);
        _length = text.Length;
    }
}
