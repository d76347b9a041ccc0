namespace Culprit.Engine.Ingestion.Lines;

/// <summary><c>key=value key="quoted value"</c>: logrus, slog text, Heroku, Grafana's products.</summary>
internal sealed class LogfmtFormat(TextScratch scratch) : ILineFormat
{
    private const int MaxPairs = 128;

    private readonly FieldPicks _picks = new(scratch);
    private readonly Pair[] _pairs = new Pair[MaxPairs];

    public string Name => "logfmt";

    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        if (line.IsEmpty || !(ByteText.IsLetter(line[0]) || line[0] is (byte)'_' or (byte)'@'))
        {
            return false;
        }

        var count = ReadPairs(line, ref fields);
        if (count < 2 || !(_picks.Has(FieldRole.Message) || _picks.Has(FieldRole.Level) || _picks.Has(FieldRole.Timestamp)))
        {
            return false;
        }

        _picks.Fill(line, ref fields);
        if (fields.Message.IsEmpty && !_picks.Has(FieldRole.Message))
        {
            fields.Message = line;
        }

        WriteAttributes(line, count, ref fields);
        return true;
    }

    /// <summary>The number of pairs; -1 when the line is something else.</summary>
    private int ReadPairs(ReadOnlySpan<byte> line, scoped ref LineFields fields)
    {
        _picks.Clear();
        var count = 0;
        var bare = 0;
        var at = 0;
        while (at < line.Length)
        {
            if (line[at] == (byte)' ')
            {
                at++;
                continue;
            }

            var keyEnd = line[at..].IndexOfAny((byte)'=', (byte)' ', (byte)'"');
            keyEnd = keyEnd < 0 ? line.Length : at + keyEnd;
            if (keyEnd == line.Length || line[keyEnd] != (byte)'=' || keyEnd == at)
            {
                // A word without a value is allowed, but free text is not a row of them.
                bare++;
                at = Math.Max(keyEnd, at + 1);
                if (bare > 1 + (count / 2))
                {
                    return -1;
                }

                continue;
            }

            if (!TryReadValue(line, keyEnd + 1, out var pair))
            {
                return -1;
            }

            if (count < MaxPairs)
            {
                pair = pair with { KeyStart = at, KeyEnd = keyEnd };
                _pairs[count] = pair;
                var role = FieldNames.Find(line[at..keyEnd], out var rank);
                if (role != FieldRole.None)
                {
                    _picks.Offer(role, rank, pair.Start, pair.End, pair.IsEscaped, count);
                }

                count++;
            }
            else
            {
                fields.IsCut = true;
            }

            at = pair.Next;
        }

        return count;
    }

    private static bool TryReadValue(ReadOnlySpan<byte> line, int at, out Pair pair)
    {
        if (at < line.Length && line[at] == (byte)'"')
        {
            var end = JsonScan.SkipString(line, at, out var isEscaped);
            pair = new Pair(0, 0, at + 1, end - 1, end, isEscaped);
            return end > 0;
        }

        var stop = at >= line.Length ? -1 : line[at..].IndexOf((byte)' ');
        stop = stop < 0 ? line.Length : at + stop;
        pair = new Pair(0, 0, at, stop, stop, false);
        return true;
    }

    private void WriteAttributes(ReadOnlySpan<byte> line, int count, scoped ref LineFields fields)
    {
        ReadOnlySpan<int> taken = stackalloc int[]
        {
            Taken(FieldRole.Timestamp), Taken(FieldRole.Level), Taken(FieldRole.Message), Taken(FieldRole.Service),
            Taken(FieldRole.Environment), Taken(FieldRole.TraceId), Taken(FieldRole.SpanId),
        };
        for (var i = 0; i < count; i++)
        {
            if (taken.Contains(i))
            {
                continue;
            }

            var pair = _pairs[i];
            var value = line[pair.Start..pair.End];
            var key = line[pair.KeyStart..pair.KeyEnd];
            if (!value.IsEmpty && JsonScan.SkipValue(value, 0) == value.Length && value[0] is not ((byte)'"' or (byte)'{' or (byte)'['))
            {
                fields.Attributes.AddRaw(key, value);
            }
            else
            {
                fields.Attributes.AddText(key, pair.IsEscaped ? scratch.Unescape(value) : value);
            }
        }
    }

    private int Taken(FieldRole role) => _picks.Has(role) ? _picks.MemberOf(role) : -1;

    private readonly record struct Pair(int KeyStart, int KeyEnd, int Start, int End, int Next, bool IsEscaped);
}
