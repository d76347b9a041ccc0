namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Finds the format of each line; the one that fitted last is tried first, so mixed files cost little more than pure ones.</summary>
internal sealed class FormatDetector
{
    private readonly ILineFormat[] _formats;
    private readonly TextFormat _text = new();
    private int _last;

    /// <param name="scratch">Shared by the formats; cleared by the caller before each line.</param>
    public FormatDetector(TextScratch scratch)
    {
        _formats =
        [
            new JsonLineFormat(scratch), _text, new SyslogFormat(scratch), new LogfmtFormat(scratch),
            new AccessLogFormat(scratch), new KlogFormat(), new LevelFirstFormat(),
        ];
    }

    public IReadOnlyList<ILineFormat> Formats => _formats;

    public TextFormat Text => _text;

    /// <summary>The format that fitted last; an index into <see cref="Formats"/>.</summary>
    public int Last => _last;

    /// <summary>False when no format fits the line.</summary>
    public bool TryParse(ReadOnlySpan<byte> line, AttributeBuffer attributes, scoped ref LineFields fields)
    {
        if (line.IsEmpty)
        {
            return false;
        }

        // rsyslog's ISO-dated form begins like text: whichever of the two is tried first must not swallow the other's.
        var first = _last == 1 && IsSyslogDate(line) ? 2 : _last;
        if (Try(first, line, attributes, ref fields))
        {
            return true;
        }

        for (var i = 0; i < _formats.Length; i++)
        {
            var candidate = i == 1 && IsSyslogDate(line) ? 2 : i == 2 && IsSyslogDate(line) ? 1 : i;
            if (candidate != first && Try(candidate, line, attributes, ref fields))
            {
                return true;
            }
        }

        return false;
    }

    private bool Try(int index, ReadOnlySpan<byte> line, AttributeBuffer attributes, scoped ref LineFields fields)
    {
        fields = new LineFields(attributes);
        if (!_formats[index].TryParse(line, ref fields))
        {
            return false;
        }

        _last = index;
        return true;
    }

    private static bool IsSyslogDate(ReadOnlySpan<byte> line) =>
        line.Length > 32 && line[10] == (byte)'T' && ByteText.IsDigit(line[0]) && line[..Math.Min(line.Length, 128)].IndexOf("]: "u8) > 0;
}
