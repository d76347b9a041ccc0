using Culprit.Engine.Ingestion.Lines;

namespace Culprit.Engine.Ingestion;

/// <summary>Steps through JSON objects that stand one after another: a line each, or with nothing between them.</summary>
internal ref struct DocumentLines(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at = body.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>The object that was read; where one is broken, the rest of its line.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Where it begins in the body.</summary>
    public int Start { get; private set; }

    /// <summary>What was read is one JSON object.</summary>
    public bool IsObject { get; private set; }

    public bool Read()
    {
        _at = JsonScan.SkipSpace(_body, _at);
        if (_at >= _body.Length)
        {
            return false;
        }

        Start = _at;
        var end = _body[_at] == (byte)'{' ? JsonScan.SkipValue(_body, _at) : -1;
        IsObject = end >= 0;
        if (!IsObject)
        {
            var line = _body[_at..].IndexOf((byte)'\n');
            end = line < 0 ? _body.Length : _at + line;
        }

        Current = ByteText.TrimEnd(_body[Start..end]);
        _at = end;
        return true;
    }
}
