namespace Culprit.Engine.Patterns;

/// <content>A list of like items counts as one item, however long it is.</content>
internal sealed partial class LineScanner
{
    private const int MinTokensForRepeats = 10;
    private const int LastSeenSlots = 64;

    private readonly int[] _lastSeen = new int[LastSeenSlots];

    // Compares each token with the last one that hashed alike; if the stretch between them is repeated at once, one copy
    // stays. Only items parted by commas: "a=1 b=2 a=1 b=2" may be two things that happen to look alike.
    private void CollapseRepeats(ReadOnlySpan<byte> line)
    {
        Array.Clear(_lastSeen);
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            _tokens[kept] = _tokens[i];
            kept++;
            var slot = (int)((_tokens[kept - 1].Hash ^ _tokens[kept - 1].SeparatorHash) >> 17) & (LastSeenSlots - 1);
            var period = kept - _lastSeen[slot];
            _lastSeen[slot] = kept;
            if (period < kept && kept >= 2 * period && IsRepeat(kept, period) && HasComma(line, kept, period))
            {
                kept -= period;
                Array.Clear(_lastSeen);
            }
        }

        if (kept == _count)
        {
            return;
        }

        _count = kept;
        _key = 0;
        foreach (ref readonly var token in Tokens)
        {
            _key = AddToken(_key, token);
        }
    }

    private bool IsRepeat(int end, int period)
    {
        for (var i = end - period; i < end; i++)
        {
            ref readonly var a = ref _tokens[i];
            ref readonly var b = ref _tokens[i - period];
            if (a.Hash != b.Hash || a.SeparatorHash != b.SeparatorHash)
            {
                return false;
            }
        }

        return true;
    }

    private bool HasComma(ReadOnlySpan<byte> line, int end, int period)
    {
        var words = 0;
        for (var i = end - period; i < end; i++)
        {
            words += _tokens[i].IsVariable ? 0 : 1;
        }

        for (var i = end - period; i < end; i++)
        {
            if (line[_tokens[i].SeparatorStart.._tokens[i].Start].Contains((byte)','))
            {
                return words > 0;
            }
        }

        return false;
    }
}
