namespace Culprit.Engine.Patterns;

/// <content>A list of like items counts as one item, however long it is.</content>
internal sealed partial class LineScanner
{
    private const int MinTokensForRepeats = 6;
    private const int LastSeenSlots = 64;

    private readonly int[] _lastSeen = new int[LastSeenSlots];

    // A word that was seen before may be the same place of the next item: if the stretch between the two is repeated at
    // once, one copy stays. Only items parted by commas: "a=1 b=2 a=1 b=2" may be two things that happen to look alike.
    private void CollapseRepeats(ReadOnlySpan<byte> line)
    {
        Array.Clear(_lastSeen);
        var kept = 0;
        var period = 0;
        for (var i = 0; i < _count; i++)
        {
            _tokens[kept++] = _tokens[i];
            ref readonly var token = ref _tokens[kept - 1];
            if (!token.IsVariable)
            {
                ref var last = ref _lastSeen[(int)(token.Hash >> 17) & (LastSeenSlots - 1)];
                period = last > 0 && last < kept && _tokens[last - 1].Hash == token.Hash ? kept - last : period;
                last = kept;
            }

            if (period > 0 && kept >= 2 * period && IsRepeat(line, kept, period))
            {
                kept -= period;
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

    // The first item may follow something else than a comma, an opening bracket for one.
    private bool IsRepeat(ReadOnlySpan<byte> line, int end, int period)
    {
        ref readonly var first = ref _tokens[end - period];
        if (!line[first.SeparatorStart..first.Start].Contains((byte)','))
        {
            return false;
        }

        var words = 0;
        for (var i = end - period; i < end; i++)
        {
            ref readonly var a = ref _tokens[i];
            ref readonly var b = ref _tokens[i - period];
            if (a.Hash != b.Hash || (i > end - period && a.SeparatorHash != b.SeparatorHash))
            {
                return false;
            }

            words += a.IsVariable ? 0 : 1;
        }

        return words > 0;
    }
}
