using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection;

/// <summary>Whether a scope is above its limit. An open alarm absorbs what follows until it has been quiet for two minutes.</summary>
internal sealed class Alarm
{
    private const int HoldSteps = 2 * Steps.PerMinute;

    /// <summary>What is rare is judged only when it happens again, so windows that agree need not follow at once.</summary>
    private const int AgreeSteps = 4;

    public bool IsOpen { get; set; }

    /// <summary>Newest judged end of a window that was beyond the limit.</summary>
    public long LastReached { get; set; }

    /// <summary>Newest judged end of a window beyond the limit while the alarm was open; 0 before the first.</summary>
    public long LastOpen { get; set; }

    /// <summary>First judged end of the run of windows beyond the limit that is going on.</summary>
    public long RunSince { get; set; }

    /// <summary>A window is beyond the limit; true when that is news.</summary>
    /// <param name="isCertain">So far beyond that no second window is needed.</param>
    public bool Reach(long end, bool isCertain)
    {
        var isOver = end - LastReached > HoldSteps;
        if (end - LastReached > AgreeSteps)
        {
            RunSince = end;
        }

        LastReached = Math.Max(LastReached, end);
        var wasOpen = IsOpen && !isOver;

        // One window alone may be a hiccup: another one within 20 s must agree.
        IsOpen = wasOpen || isCertain || end > RunSince;
        LastOpen = IsOpen ? LastReached : LastOpen;
        return IsOpen && !wasOpen;
    }

    /// <summary>What happened before belongs to an alarm that is over, and is no news; 0 while one is open.</summary>
    public long NewsSince(long end) => IsOpen && end - LastReached <= HoldSteps ? 0 : LastOpen;

    /// <summary>Time passes without the limit being reached.</summary>
    public void Settle(long end) => IsOpen = IsOpen && end - LastReached <= HoldSteps;
}
