namespace Culprit.Engine.Evaluation;

/// <summary>The scores of several cases as figures. Shares are of all cases that were played; what was not detected counts as wrong.</summary>
internal sealed class EvalSummary(IReadOnlyList<CaseScore> scores)
{
    private readonly List<CaseScore> _played = [.. scores.Where(s => s.Problem is null)];

    /// <summary>Cases that were played.</summary>
    public int Cases => _played.Count;

    /// <summary>Cases that could not be played; they are in no other figure.</summary>
    public int NotScored => scores.Count - _played.Count;

    public int Detected => _played.Count(s => s.IsDetected);

    /// <summary>Cases that say whether a change is to blame.</summary>
    public int WithChange => _played.Count(s => s.Case.Change is not null);

    public int ChangeRight => _played.Count(s => s.IsChangeRight);

    /// <summary>Detected, but no cause was named.</summary>
    public int Abstained => _played.Count(s => s is { IsDetected: true, IsAbstained: true });

    /// <summary>Of those abstained from, cases whose first hypothesis would have been right.</summary>
    public int AbstainedRight => _played.Count(s => s is { IsDetected: true, IsAbstained: true, Rank: 1 });

    public int Before => _played.Sum(s => s.Before);

    public int Inside => _played.Sum(s => s.Inside);

    public TimeSpan Took => TimeSpan.FromTicks(_played.Sum(s => s.Took.Ticks));

    /// <summary>Of the causes that were named: an abstention claims nothing.</summary>
    public Reliability Reliability => Reliability.Of(_played.Where(s => s is { IsDetected: true, IsAbstained: false }).Select(s => (s.Confidence, s.Rank == 1)));

    /// <summary>Cases whose cause is among the first <paramref name="count"/> named.</summary>
    public int Top(int count) => _played.Count(s => s.Rank > 0 && s.Rank <= count);

    /// <summary>The delay that the given share of the detections does not exceed, in seconds; null without any.</summary>
    public double? Delay(double share)
    {
        var delays = _played.Select(s => s.DelaySeconds).OfType<double>().Order().ToList();
        return delays.Count == 0 ? null : delays[Math.Min(delays.Count - 1, (int)(delays.Count * share))];
    }
}
