using Culprit.Server.Configuration;

namespace Culprit.Server.Analyst;

/// <summary>What may still be spent today, over all incidents.</summary>
internal sealed class AnalystBudget(AnalystSection options, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private DateOnly _day;
    private long _tokens;
    private double _cost;
    private double _seconds;

    /// <summary>Why nothing more may be asked today; null when something may.</summary>
    public string? Obstacle
    {
        get
        {
            lock (_gate)
            {
                Turn();
                return _tokens >= options.MaxDailyTokens ? "the tokens of this day are used up (analyst:maxDailyTokens)"
                    : _cost >= options.MaxDailyCost ? "the money of this day is used up (analyst:maxDailyCost)"
                    : _seconds >= options.MaxDailySeconds ? "the time of this day is used up (analyst:maxDailySeconds)"
                    : null;
            }
        }
    }

    /// <summary>US dollars; null without prices.</summary>
    public double? CostOf(long input, long output) => options.InputPrice + options.OutputPrice == 0
        ? null
        : ((input * options.InputPrice) + (output * options.OutputPrice)) / 1e6;

    /// <param name="at">When it was spent: what is not of today does not count.</param>
    public void Spend(DateTimeOffset at, long tokens, double? cost, double seconds)
    {
        lock (_gate)
        {
            Turn();
            if (DateOnly.FromDateTime(at.UtcDateTime) == _day)
            {
                _tokens += tokens;
                _cost += cost ?? 0;
                _seconds += seconds;
            }
        }
    }

    private void Turn()
    {
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        if (today != _day)
        {
            (_day, _tokens, _cost, _seconds) = (today, 0, 0, 0);
        }
    }
}
