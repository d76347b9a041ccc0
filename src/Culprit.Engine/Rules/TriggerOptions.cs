namespace Culprit.Engine.Rules;

/// <summary>How handlers are called.</summary>
internal sealed class TriggerOptions
{
    /// <summary>Calls at the same time; those of one scope follow one another all the same. Default 8.</summary>
    public int MaxParallel { get; set; } = 8;

    /// <summary>Events that wait; more are refused and counted. Default 10,000.</summary>
    public int MaxWaiting { get; set; } = 10_000;

    /// <summary>Calls for one event before it becomes a dead letter. Default 5.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Pause after the first failure, doubled after each further one. Default 1 s.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause, also of those that a handler asks for. Default 5 min.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A call that takes longer is cancelled and counts as failed. Default 30 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks every value.</summary>
    /// <param name="key">Where the section lies, such as <c>triggers</c>.</param>
    public void Check(string key, Mistakes mistakes)
    {
        mistakes.Check(MaxParallel is >= 1 and <= 256, key + ":maxParallel", MaxParallel, "1 to 256");
        mistakes.Check(MaxWaiting is >= 1 and <= 1_000_000, key + ":maxWaiting", MaxWaiting, "1 to 1000000");
        mistakes.Check(MaxAttempts is >= 1 and <= 100, key + ":maxAttempts", MaxAttempts, "1 to 100");
        mistakes.Check(FirstPause > TimeSpan.Zero && FirstPause <= LongestPause, key + ":firstPause", FirstPause, "more than 0, at most longestPause");
        mistakes.Check(LongestPause <= TimeSpan.FromDays(1), key + ":longestPause", LongestPause, "at most 1 day");
        mistakes.Check(Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromHours(1), key + ":timeout", Timeout, "more than 0, at most 1 hour");
    }
}
