using System.Globalization;

namespace Culprit.Engine.Filtering;

/// <summary>Estimates how many states an expression needs before it is built.</summary>
internal static class RegexSize
{
    /// <summary>Far above any limit, and far from overflow when two of them are multiplied.</summary>
    private const long Huge = 1_000_000;

    /// <summary>Characters and classes with repetitions multiplied out; wrong expressions get some number.</summary>
    public static long Of(string pattern)
    {
        var open = new Stack<long>();
        long sum = 0;  // of the group that is open
        long atom = 0; // the last part of it, which a quantifier would repeat; already in the sum
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '(':
                    open.Push(sum);
                    (sum, atom) = (0, 0);
                    break;
                case ')' when open.Count > 0:
                    atom = Math.Max(1, sum);
                    sum = Add(open.Pop(), atom);
                    break;
                case '{' when TryReadTimes(pattern, i, out var times, out var end):
                    sum = Add(sum - atom, Math.Min(Huge, atom * times));
                    atom = Math.Min(Huge, atom * times);
                    i = end;
                    break;
                case '*' or '+' or '?' or '|':
                    break;
                case '[':
                    i = EndOfClass(pattern, i);
                    (sum, atom) = (Add(sum, 1), 1);
                    break;
                case '\\':
                    i++;
                    (sum, atom) = (Add(sum, 1), 1);
                    break;
                default:
                    (sum, atom) = (Add(sum, 1), 1);
                    break;
            }
        }

        while (open.Count > 0)
        {
            sum = Add(sum, open.Pop());
        }

        return sum;
    }

    private static long Add(long a, long b) => Math.Min(Huge, a + b);

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; anything else is plain text.</summary>
    private static bool TryReadTimes(string pattern, int start, out long times, out int end)
    {
        times = 0;
        end = pattern.IndexOf('}', start);
        if (end < 0)
        {
            return false;
        }

        foreach (var bound in pattern[(start + 1)..end].Split(','))
        {
            if (bound.Length == 0)
            {
                continue;
            }

            if (bound.AsSpan().ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }

            times = Math.Max(times, long.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? Math.Min(n, Huge) : Huge);
        }

        times = Math.Max(1, times);
        return true;
    }

    /// <summary>The closing bracket of a class, which may hold escapes and, for subtraction, another class.</summary>
    private static int EndOfClass(string pattern, int start)
    {
        var i = start + 1;
        i += i < pattern.Length && pattern[i] == '^' ? 1 : 0;
        i += i < pattern.Length && pattern[i] == ']' ? 1 : 0; // a first bracket is a member
        for (; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
            {
                i++;
            }
            else if (pattern[i] == '[' && pattern[i - 1] == '-')
            {
                i = EndOfClass(pattern, i);
            }
            else if (pattern[i] == ']')
            {
                return i;
            }
        }

        return pattern.Length;
    }
}
