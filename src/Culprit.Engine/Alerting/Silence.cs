namespace Culprit.Engine.Alerting;

/// <summary>What somebody wants to hear nothing of, from when to when. Its alerts are held back, and sent when it ends while the incident is open.</summary>
/// <param name="Match">Must cover all of an alert: <see cref="AlertMatcher.Covers"/>.</param>
/// <param name="EndsAt">After <paramref name="StartsAt"/>; moved forward when somebody ends it.</param>
internal sealed record Silence(
    string Id, AlertMatcher Match, string Author, string Comment, DateTimeOffset StartsAt, DateTimeOffset EndsAt, DateTimeOffset CreatedAt)
{
    /// <summary>Longer ones are forgotten by those who made them.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(90);

    public bool IsActive(DateTimeOffset now) => StartsAt <= now && now < EndsAt;
}
