using Culprit.Engine.Detection.Series;

namespace Culprit.Engine.Detection;

/// <summary>How much is asked for: what is slow or full because of more work is no fault of who does it.</summary>
internal static class Demand
{
    /// <summary>Less is the way of the day; it makes little slower.</summary>
    private const double MinFactor = 1.25;

    /// <summary>Standard deviations beyond which more is asked for, and not by chance; of single events, because bursts are what is looked for.</summary>
    private const double Sigma = 4;

    /// <summary>Beyond this it is a fault of whoever asks, or of what cannot stand it.</summary>
    private const double MaxFactor = 3;

    private const int RecoverySteps = Steps.PerMinute / 2;

    /// <summary>How many times as much a service does as usual, over the last minute; 1 when that is not known.</summary>
    public static double Of(string service, IReadOnlyDictionary<string, ServiceTraffic> traffics, Frame frame)
    {
        if (!traffics.TryGetValue(service, out var traffic))
        {
            return 1;
        }

        var length = Frame.Lengths[Frame.Minute];
        var usual = traffic.All.UsualIn(frame, Frame.Minute, Math.Max(frame.Since, traffic.Since)).PerStep * length;
        return usual >= 1 ? traffic.All.Counts.Between(frame.End - length, frame.End) / usual : 1;
    }

    /// <summary>How many times as much the environment did as usual at the busiest moment of each of the frame's windows; 1 unless it is clearly more.</summary>
    /// <remarks>
    /// By its records below WARN, because retries and failures make others; without any by its spans. A moment is 10 s, 25 s or 1 min. What slowed down
    /// under load needs a while to recover, so half a minute before the window counts as well.
    /// </remarks>
    public static double[] OfWindows(IReadOnlyDictionary<string, ServiceTraffic> traffics, Frame frame)
    {
        var demand = new double[Frame.Lengths.Count];
        Array.Fill(demand, 1);
        if (!traffics.TryGetValue(string.Empty, out var all))
        {
            return demand;
        }

        var traffic = all.Calm.Counts.Last >= 0 ? all.Calm : all.Spans;
        for (var i = 0; i < demand.Length; i++)
        {
            var usual = traffic.UsualIn(frame, i, Math.Max(frame.Since, all.Since));
            for (var end = frame.End; end > frame.End - Frame.Lengths[i] - RecoverySteps; end -= Frame.Lengths[0])
            {
                for (var moment = 0; moment <= Frame.Minute; moment++)
                {
                    var start = end - Frame.Lengths[moment];
                    var length = Math.Min(end - start, frame.StepsSince(start));
                    var now = traffic.Counts.Between(start, end);
                    if (now >= MinFactor * usual.PerStep * length
                        && LikelihoodRatio.OfRates(usual.Count, usual.Steps, now, length) >= Sigma)
                    {
                        demand[i] = Math.Max(demand[i], now / (usual.PerStep * length));
                    }
                }
            }

            demand[i] = Math.Min(demand[i], MaxFactor);
        }

        return demand;
    }
}
