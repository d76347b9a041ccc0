using System.Globalization;
using Culprit.Engine.Detection.Series;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.TraceShift;

/// <summary>Requests that do something else than before: fail, break off, lose steps or take longer on the way to a service.</summary>
/// <remarks>
/// Every ten seconds the traces of the last 45 s are held against all before, operation by operation. The signs of one service are
/// added with diminishing weight (10 ln(1 + score / 10) each), because kinds of evidence that agree are worth more than one that is loud. Two looks
/// in a row must agree, or one be twice as clear. One environment's; not thread-safe.
/// </remarks>
internal sealed class TraceShiftDetector(string environment, TraceShiftOptions options)
{
    public const string Name = "trace-shift";

    /// <summary>Steps between two looks, which read every trace that is kept.</summary>
    private const int EverySteps = 2;

    private const int MaxServices = 5;

    private readonly Alarm _alarm = new();
    private long _suspectSince = -1;

    /// <param name="signs">Signs of the traces that began between two times.</param>
    public IEnumerable<Anomaly> Judge(Frame frame, int services, Func<long, long, IReadOnlyList<TraceSign>> signs)
    {
        var from = frame.End - (long)(options.Window.TotalSeconds / Steps.Seconds);
        if (frame.End % EverySteps != 0 || (from - frame.Since) * Steps.Seconds < options.MinHistory.TotalSeconds)
        {
            yield break;
        }

        var ranked = signs(Steps.Start(from), Steps.Start(frame.End))
            .GroupBy(s => s.Service, StringComparer.Ordinal)
            .Select(g => (Service: g.Key, Score: g.Sum(s => s.Weight * 10 * Math.Log(1 + (Math.Max(0, s.Score) / 10))), Signs: g.ToList()))
            .OrderByDescending(s => s.Score).ThenBy(s => s.Service, StringComparer.Ordinal).ToList();
        var needed = options.Part * frame.Sigma(services);
        if (ranked.Count == 0 || ranked[0].Score < needed)
        {
            _suspectSince = -1;
            yield break;
        }

        var isSecond = _suspectSince == frame.End - EverySteps;
        _suspectSince = frame.End;
        if ((isSecond || ranked[0].Score >= 2 * needed) && _alarm.Reach(frame.End, isCertain: true))
        {
            var strong = ranked.Where(s => s.Score >= needed && s.Score >= ranked[0].Score / 2).Take(MaxServices).ToList();
            var top = strong[0].Signs.OrderByDescending(s => s.Weight * s.Score).Take(3).ToList();
            yield return new Anomaly
            {
                Id = ContentId.Of("anomaly", environment, Name, strong[0].Service, (frame.End / Steps.PerMinute).ToString(CultureInfo.InvariantCulture)),
                Type = top[0].IsTime ? AnomalyType.LatencySpike : AnomalyType.ErrorSpike,
                Detector = Name,
                Environment = environment,
                Services = [.. strong.Select(s => s.Service)],
                StartedAt = UnixNanos.ToTime(Steps.Start(from)),
                DetectedAt = UnixNanos.ToTime(Steps.Start(frame.End)),
                Window = options.Window,
                ErrorCount = 0,
                Expected = "requests that do, operation by operation, what they did before",
                Observed = string.Create(CultureInfo.InvariantCulture,
                    $"{strong[0].Service}: {string.Join("; ", top.Select(s => s.Text))} (score {strong[0].Score:0.0}, {needed:0.0} needed)"),
                Evidence = [],
                Strength = strong[0].Score,
            };
        }
    }

    public void Settle(long end, Action<long> open)
    {
        _alarm.Settle(end);
        if (_alarm.IsOpen)
        {
            open(_alarm.LastReached);
        }
    }

    public TraceShiftState ToState() => new(_alarm, _suspectSince);

    public void Restore(TraceShiftState state)
    {
        (_alarm.IsOpen, _alarm.LastReached, _alarm.RunSince) = (state.Alarm.IsOpen, state.Alarm.LastReached, state.Alarm.RunSince);
        _suspectSince = state.SuspectSince;
    }
}

/// <summary>A <see cref="TraceShiftDetector"/> at rest.</summary>
internal sealed record TraceShiftState(Alarm Alarm, long SuspectSince);
