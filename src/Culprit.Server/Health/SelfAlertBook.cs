using Culprit.Engine.Publishing;

namespace Culprit.Server.Health;

/// <summary>Decides when people are told that this server is unwell, and when that it is well again.</summary>
/// <remarks>
/// A sign must be bad for its hold before it fires, and well for <paramref name="wellAfter"/> before it is resolved; in between
/// neither clock runs backwards. What was decided counts only when it is kept: until then it is decided again. No clock, no I/O; not thread-safe.
/// </remarks>
/// <param name="wellAfter">How long a sign must be well.</param>
internal sealed class SelfAlertBook(TimeSpan wellAfter)
{
    private readonly Dictionary<string, Page> _pages = new(StringComparer.Ordinal);

    /// <summary>Alerts that fire and have not been resolved.</summary>
    public IEnumerable<SelfAlert> Open => _pages.Values.Select(p => p.Open).OfType<SelfAlert>();

    /// <summary>The alerts that are due now.</summary>
    /// <param name="uptime">Never goes back: what is held is held by it.</param>
    public IReadOnlyList<SelfAlert> Decide(IReadOnlyList<Sign> signs, TimeSpan uptime, DateTimeOffset now)
    {
        var due = new List<SelfAlert>();
        foreach (var sign in signs.Concat(Gone(signs)))
        {
            if (!_pages.TryGetValue(sign.Id, out var page))
            {
                if (sign.Level == SignLevel.Well)
                {
                    continue;
                }

                _pages.Add(sign.Id, page = new Page());
            }

            if ((page.Open is null ? Opening(page, sign, uptime, now) : Following(page, page.Open, sign, uptime, now)) is { } alert)
            {
                due.Add(alert);
            }

            if (page is { Open: null, BadSince: null })
            {
                _pages.Remove(sign.Id);
            }
        }

        return due;
    }

    /// <summary>The alert is durable: it will reach people.</summary>
    public void Keep(SelfAlert alert)
    {
        if (alert.IsOpen)
        {
            (_pages.TryGetValue(alert.Sign.Id, out var page) ? page : _pages[alert.Sign.Id] = new Page()).Open = alert;
        }
        else
        {
            _pages.Remove(alert.Sign.Id);
        }
    }

    private static SelfAlert? Opening(Page page, Sign sign, TimeSpan uptime, DateTimeOffset now)
    {
        if (sign.Level == SignLevel.Well)
        {
            page.BadSince = null;
            return null;
        }

        if (page.BadSince is null)
        {
            if (sign.Level != SignLevel.Bad)
            {
                return null;
            }

            (page.BadSince, page.StartedAt) = (uptime, now);
        }

        return sign.Level == SignLevel.Bad && uptime - page.BadSince >= sign.Hold ? SelfAlert.Firing(sign, page.StartedAt, now) : null;
    }

    private SelfAlert? Following(Page page, SelfAlert open, Sign sign, TimeSpan uptime, DateTimeOffset now)
    {
        if (sign.Level == SignLevel.Well)
        {
            page.WellSince ??= uptime;
            return uptime - page.WellSince >= wellAfter ? open.Next(EventTypes.AlertResolved, sign, now) : null;
        }

        page.WellSince = null;
        return sign.Level == SignLevel.Bad && sign.Severity > open.Severity ? open.Next(EventTypes.AlertUpdated, sign, now) : null;
    }

    /// <summary>What is no longer reported is well: a component that the configuration no longer has.</summary>
    private List<Sign> Gone(IReadOnlyList<Sign> signs)
    {
        var reported = signs.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        return [.. _pages.Where(p => !reported.Contains(p.Key)).Select(p => new Sign(
            p.Key, p.Value.Open?.Sign.Type ?? p.Key, SignLevel.Well, default, default, "it is no longer so", p.Value.Open?.Sign.Expected ?? "", ""))];
    }

    private sealed class Page
    {
        public TimeSpan? BadSince { get; set; }

        public DateTimeOffset StartedAt { get; set; }

        public TimeSpan? WellSince { get; set; }

        public SelfAlert? Open { get; set; }
    }
}
