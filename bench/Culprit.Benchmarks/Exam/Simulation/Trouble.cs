using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>What a fault does to one service or resource while it lasts; the simulation asks at each step.</summary>
internal sealed class Trouble
{
    /// <summary>Below this nobody looks.</summary>
    private const double NoticeableMs = 50;

    public required double FromMs { get; init; }

    public required double ToMs { get; init; }

    /// <summary>Share of calls in which the service's own code throws.</summary>
    public double ErrorShare { get; init; }

    /// <summary>Share of answers that look well and are wrong.</summary>
    public double WrongShare { get; init; }

    /// <summary>Share of calls that end early, without error and without doing their steps.</summary>
    public double DropShare { get; init; }

    /// <summary>Own work, or a resource's, takes so many times as long.</summary>
    public double Slowdown { get; init; } = 1;

    /// <summary>Share of calls that are paused by the CPU quota for a period of 100 ms or several.</summary>
    public double PauseShare { get; init; }

    /// <summary>Added to each call that arrives over the network.</summary>
    public double DelayMs { get; init; }

    /// <summary>Share of packets lost on the way.</summary>
    public double LossShare { get; init; }

    /// <summary>Only calls of this service suffer from delay and loss; null for all.</summary>
    public ServiceNode? OnlyCaller { get; init; }

    /// <summary>Share of calls that fail with <see cref="CallFailure"/> before they are served.</summary>
    public double RefuseShare { get; init; }

    public Failure CallFailure { get; init; } = Failure.Refused;

    /// <summary>Each call holds one lock of the whole service for so long.</summary>
    public double LockMs { get; init; }

    /// <summary>Share of each minute in which leaked connections keep the database pool empty.</summary>
    public double PoolEmptyShare { get; init; }

    /// <summary>Share of instances whose threads all wait for each other.</summary>
    public double HangShare { get; init; }

    /// <summary>Calls of other services are made so many times one after the other.</summary>
    public int FanOut { get; init; } = 1;

    /// <summary>What clients of this service wait for an answer, as a share of the usual.</summary>
    public double TimeoutFactor { get; init; } = 1;

    /// <summary>Share of writes that find the disk full, once it is.</summary>
    public double DiskFullShare { get; init; }

    /// <summary>Percent of the disk that the fault fills each minute.</summary>
    public double DiskPerMinute { get; init; }

    /// <summary>Memory that is never given back, MB a minute and instance.</summary>
    public double LeakPerMinute { get; init; }

    /// <summary>Instances are killed again and again.</summary>
    public bool IsKilled { get; init; }

    /// <summary>A poison message comes back after so long.</summary>
    public double RedeliverMs { get; init; }

    /// <summary>Share of cache look-ups that fail.</summary>
    public double CacheLossShare { get; init; }

    /// <summary>Calls that came by while it lasted.</summary>
    public int Exposed { get; private set; }

    /// <summary>Of those, how many failed or took at least twice as long, and <see cref="NoticeableMs"/> longer, because of it.</summary>
    public int Affected { get; private set; }

    /// <summary>When the first of those was made; infinity before there is one.</summary>
    public double FirstAffectedMs { get; private set; } = double.PositiveInfinity;

    public bool IsActive(double at) => at >= FromMs && at < ToMs;

    /// <summary>A call that took longer than it usually does.</summary>
    public void TouchDelay(double at, double extraMs, double usualMs) => Touch(at, extraMs >= usualMs && extraMs >= NoticeableMs);

    public void Touch(double at, bool isAffected)
    {
        Exposed++;
        if (isAffected)
        {
            Affected++;
            FirstAffectedMs = Math.Min(FirstAffectedMs, at);
        }
    }
}
