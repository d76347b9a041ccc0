using System.IO.Hashing;
using System.Text;
using System.Text.RegularExpressions;
using Culprit.Engine.Records;

namespace Culprit.Engine.Filtering;

/// <summary>Lets through the records whose <c>source</c> matches a regular expression: SEED's <c>source_filter</c>.</summary>
/// <remarks>
/// The expression never backtracks. Verdicts are remembered per source, for at most <see cref="MaxRemembered"/> of them:
/// sources are few, and the memory is simply emptied when somebody sends more.
/// </remarks>
internal sealed class SourceFilter
{
    private const int MaxRemembered = 4096;
    private readonly Regex _regex;
    private readonly Dictionary<ulong, bool> _verdicts = [];

    /// <exception cref="ArgumentException">The pattern is not a regular expression, or needs backtracking.</exception>
    public SourceFilter(string pattern)
    {
        try
        {
            _regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException($"The pattern needs backtracking, which is not allowed: {e.Message}", nameof(pattern), e);
        }
    }

    public bool Matches(in LogRecord record)
    {
        var key = XxHash3.HashToUInt64(record.Source);
        if (!_verdicts.TryGetValue(key, out var verdict))
        {
            if (_verdicts.Count >= MaxRemembered)
            {
                _verdicts.Clear();
            }

            verdict = _regex.IsMatch(Encoding.UTF8.GetString(record.Source));
            _verdicts.Add(key, verdict);
        }

        return verdict;
    }
}
