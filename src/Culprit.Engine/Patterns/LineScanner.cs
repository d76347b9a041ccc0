using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Culprit.Engine.Patterns;

/// <summary>Cuts one line into separators, literal words and variables, and hashes that skeleton. The only place that knows what a token is.</summary>
/// <remarks>
/// Works in place, without allocation; the tokens are valid until the next call. Stateless from line to line, so a
/// line has the same key everywhere. Each step moves forward by at least one byte, and that is checked.
/// </remarks>
internal sealed partial class LineScanner
{
    /// <summary>Bytes of a line that decide its pattern.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Tokens of a line that decide its pattern.</summary>
    public const int MaxTokens = 160;

    internal const ulong EmptySeparator = 0x2545F4914F6CDD1D;

    private static readonly ulong[] SingleSeparator = BuildSingleSeparators();
    private static readonly bool[] JoiningSeparator = BuildJoining();

    private readonly ByteClasses _classes = new(MaxBytes);
    private readonly Token[] _tokens = new Token[MaxTokens];
    private readonly bool _joinRuns;
    private ulong _key;
    private int _from;
    private int _count;

    /// <param name="joinRuns">Whether neighbouring variables become one, as patterns need and parameters do not.</param>
    public LineScanner(bool joinRuns = true) => _joinRuns = joinRuns;

    public ReadOnlySpan<Token> Tokens => _tokens.AsSpan(0, _count);

    /// <summary>Where the text after the last token begins.</summary>
    public int TailStart { get; private set; }

    /// <summary>Where the scanned text ends: the bytes after it did not count.</summary>
    public int End { get; private set; }

    public ulong TailHash { get; private set; }

    /// <summary>Scans the part of the message that decides its pattern and returns the key of its skeleton.</summary>
    public ulong Scan(ReadOnlySpan<byte> message)
    {
        _key = 0;
        _count = 0;
        var (start, end) = Subject(message);
        var rest = end < message.Length && message[end] == (byte)'\n' && end < MaxBytes ? end + 1 : message.Length;
        var isTraceback = rest < message.Length && IsTraceback(message[start..end]);
        var hasFrames = rest < message.Length
            && StackFrames.Starts(message[rest..Math.Min(message.Length, rest + StackFrames.MaxBytes)]);
        if (hasFrames && !isTraceback)
        {
            end = start + EndOfException(message[start..end]);
        }

        if (start == 0 && end > 1 && message[0] == (byte)'{' && message[1..end].TrimStart((byte)' ') is [(byte)'"', ..])
        {
            ScanJson(message[..end]);
            TailHash = EmptySeparator;
        }
        else
        {
            ScanLine(message, start, end);
        }

        if (_count >= MinTokensForRepeats && _joinRuns)
        {
            CollapseRepeats(message);
        }

        if (hasFrames)
        {
            AddFrames(message, rest, isTraceback);
        }

        return Hash64.Finish(_key, TailHash);
    }

    /// <summary>Scans the fields of a JSON or logfmt body, text field included; false when it is neither or has no text field.</summary>
    public bool ScanFields(ReadOnlySpan<byte> message)
    {
        _key = 0;
        _count = 0;
        var (start, end) = Subject(message);
        if (start == 0)
        {
            return false;
        }

        var limit = Math.Min(message.Length, MaxBytes);
        if (message[0] == (byte)'{')
        {
            ScanJson(message[..limit]);
        }
        else
        {
            // The text is scanned by itself; here its place is skipped.
            ScanLine(message, 0, start);
            var lineEnd = message[..limit].IndexOf((byte)'\n');
            var next = message[end..limit].IndexOf((byte)' ');
            var first = _count;
            if (next >= 0)
            {
                ScanLine(message, end + next, lineEnd < 0 ? limit : Math.Max(lineEnd, end + next));
            }

            Debug.Assert(_count >= first, "Tokens are appended.");
        }

        return true;
    }

    private void ScanLine(ReadOnlySpan<byte> message, int from, int to)
    {
        // Offsets count from the message, so that parameters can be cut out of it.
        var line = message[..to];
        _classes.Read(line, from);
        var at = from;
        var separatorStart = from;
        _from = from;
        while (true)
        {
            var start = _classes.NextWord(at, to);
            if (start >= to || _count == MaxTokens)
            {
                break;
            }

            var end = Math.Min(_classes.NextSeparator(start), to);
            var marks = _classes.CountMarks(start, end);
            if (marks != 0)
            {
                // Dashes, dots and stars that stand alone or in rows part words as white space does.
                if (marks == end - start)
                {
                    at = end;
                    continue;
                }

                if (!IsPathStart(line, start, end))
                {
                    start = SkipLeadingRow(line, start, end);
                    end = CutAtRow(line, start, end);
                }
            }

            var next = Classify(line, separatorStart, start, end, marks);
            if (next <= start)
            {
                throw new UnreachableException($"The scanner did not advance at {start}.");
            }

            at = separatorStart = next;
        }

        if (separatorStart < to && line[separatorStart] == (byte)'=' && CanAddEmptyValue
            && EmptyValueAt(line, separatorStart, to, to) is > 0 and var empty)
        {
            AddVariable(line, separatorStart, empty, empty, TokenKind.Word);
            separatorStart = empty;
        }

        TailStart = separatorStart;
        End = to;
        TailHash = HashTail(line, separatorStart);
    }

    /// <summary>The key of a skeleton whose parts were changed; must do exactly what scanning does.</summary>
    internal static ulong AddToken(ulong key, in Token token) =>
        Hash64.Add(key, token.SeparatorHash, token.IsVariable ? Hash64.Variable : token.Hash);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AddLiteral(ReadOnlySpan<byte> line, int separatorStart, int start, int end) =>
        Add(line, separatorStart, start, end, TokenKind.Literal, Hash64.Of(line[start..end]), 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int AddVariable(ReadOnlySpan<byte> line, int separatorStart, int start, int end, TokenKind kind, int unitLength = 0) =>
        Add(line, separatorStart, start, end, kind, Hash64.Variable, unitLength);

    private int Add(ReadOnlySpan<byte> line, int separatorStart, int start, int end, TokenKind kind, ulong hash, int unitLength)
    {
        ulong separator;
        bool joins;
        var length = start - separatorStart;
        if (length == 1)
        {
            var c = line[separatorStart];
            separator = separatorStart == _from && c <= ' ' ? EmptySeparator : SingleSeparator[c];
            joins = JoiningSeparator[c];
        }
        else if (length == 0)
        {
            separator = EmptySeparator;
            joins = false;
        }
        else
        {
            if (line[separatorStart] == (byte)'=' && start < end && CanAddEmptyValue
                && EmptyValueAt(line, separatorStart, start, end) is > 0 and var at)
            {
                AddVariable(line, separatorStart, at, at, TokenKind.Word);
                separatorStart = at;
            }

            separator = HashSeparator(line, separatorStart, start, out joins);
        }

        ref var token = ref _tokens[_count];
        if (kind >= TokenKind.Number && joins && _count > 0 && _joinRuns)
        {
            ref var previous = ref _tokens[_count - 1];
            if (previous.Kind >= TokenKind.Number)
            {
                previous.End = end;
                previous.Kind = TokenKind.Run;
                previous.UnitLength = 0;
                return end;
            }
        }

        token.SeparatorStart = separatorStart;
        token.Start = start;
        token.End = end;
        token.Kind = kind;
        token.Joins = joins;
        token.UnitLength = (byte)unitLength;
        token.SeparatorHash = separator;
        token.Hash = hash;
        _count++;
        _key = Hash64.Add(_key, separator, hash);
        return end;
    }

    // White space counts as one space, at the beginning of a line as nothing.
    private ulong HashSeparator(ReadOnlySpan<byte> line, int start, int end, out bool joins)
    {
        joins = true;
        if (start == _from)
        {
            while (start < end && line[start] <= ' ')
            {
                start++;
            }
        }

        var h = EmptySeparator;
        var quotes = 0;
        var commas = 0;
        for (var i = start; i < end; i++)
        {
            var c = line[i];
            if (c <= ' ')
            {
                if (i > start && line[i - 1] <= ' ')
                {
                    continue;
                }

                c = (byte)' ';
            }

            h = NextSeparatorHash(h, c);
            joins &= JoiningSeparator[c] || c is (byte)'"' or (byte)'\'';
            quotes += c is (byte)'"' or (byte)'\'' ? 1 : 0;
            commas += c == (byte)',' ? 1 : 0;
        }

        joins &= quotes == 0 || (quotes == 2 && commas == 1);
        return h;
    }

    private bool CanAddEmptyValue => _count > 0 && _count < MaxTokens - 1 && !_tokens[_count - 1].IsVariable;

    // "user= host=a", "user=, ", "user=\"\"": the value is empty, but it has a place. Returns where, or 0.
    private static int EmptyValueAt(ReadOnlySpan<byte> line, int equals, int wordStart, int wordEnd)
    {
        var at = equals + 1;
        if (at >= line.Length)
        {
            return at;
        }

        var close = line[at] switch
        {
            (byte)',' or (byte)';' or (byte)')' or (byte)']' or (byte)'}' or (byte)'&' or (byte)'|' => line[at],
            (byte)'"' or (byte)'\'' => at + 1 < line.Length && line[at + 1] == line[at] ? line[at++] : (byte)0,
            (byte)'<' => at + 1 < line.Length && line[at + 1] == (byte)'>' ? line[at++] : (byte)0,
            (byte)'[' => at + 1 < line.Length && line[at + 1] == (byte)']' ? line[at++] : (byte)0,
            <= (byte)' ' => wordStart >= line.Length || (wordEnd < line.Length && line[wordEnd] == (byte)'=') ? line[at] : (byte)0,
            _ => (byte)0,
        };
        return close != 0 && at <= wordStart ? at : 0;
    }

    private static bool IsClosedAfter(ReadOnlySpan<byte> line, int at)
    {
        while (at < line.Length && !ByteClasses.IsSeparator(line[at]))
        {
            at++;
        }

        return at < line.Length && line[at] == (byte)'>';
    }

    private ulong HashTail(ReadOnlySpan<byte> line, int start)
    {
        var end = line.Length;
        while (end > start && line[end - 1] <= ' ')
        {
            end--;
        }

        return start == end ? EmptySeparator : HashSeparator(line, start, end, out _);
    }

    // Two dots, three dashes, stars or the like.
    private static bool IsRow(ReadOnlySpan<byte> line, int at, int end, out int length)
    {
        var c = line[at];
        length = 1;
        while (at + length < end && line[at + length] == c)
        {
            length++;
        }

        return c == (byte)'.' ? length >= 2 : length >= 3;
    }

    private static int SkipLeadingRow(ReadOnlySpan<byte> line, int start, int end)
    {
        while (start < end && ByteClasses.IsMark(line[start]) && IsRow(line, start, end, out var length)
            && start + length < end)
        {
            start += length;
        }

        return start;
    }

    private static int CutAtRow(ReadOnlySpan<byte> line, int start, int end)
    {
        var cut = end;
        for (var i = start + 1; i < end; i++)
        {
            if (line[i] is (byte)'.' or (byte)'-' or (byte)'*' or (byte)'_' or (byte)'+' or (byte)'~'
                && ByteClasses.IsMark(line[i]) && IsRow(line, i, end, out _))
            {
                cut = i;
                break;
            }
        }

        while (cut - start > 1 && line[cut - 1] == (byte)'.')
        {
            cut--;
        }

        return cut;
    }

    private static ulong NextSeparatorHash(ulong hash, byte c) => (hash ^ c) * 0x100000001B3 ^ (hash >> 31);

    private static ulong[] BuildSingleSeparators()
    {
        var table = new ulong[256];
        for (var c = 0; c < 256; c++)
        {
            table[c] = NextSeparatorHash(EmptySeparator, (byte)(c <= ' ' ? ' ' : c));
        }

        return table;
    }

    private static bool[] BuildJoining()
    {
        var table = new bool[256];
        for (var c = 0; c <= ' '; c++)
        {
            table[c] = true;
        }

        foreach (var c in ",:;/.|=-_"u8)
        {
            table[c] = true;
        }

        return table;
    }
}
