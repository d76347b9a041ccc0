namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>One running copy of a service.</summary>
internal sealed class Instance(string host, double startedAt)
{
    public string Host { get; } = host;

    public double StartedAt { get; set; } = startedAt;

    public double DownFrom { get; set; } = double.MaxValue;

    public double DownTo { get; set; } = double.MinValue;

    /// <summary>Until when calls are still sent to it after it went down: none after an orderly stop.</summary>
    public double NoticedAt { get; set; }

    /// <summary>First calls after a start are slow until then.</summary>
    public double WarmAt { get; set; }

    public bool IsDown(double at) => at >= DownFrom && at < DownTo;

    public void Stop(double at, double until, double noticeMs, double warmMs)
    {
        DownFrom = at;
        DownTo = until;
        NoticedAt = at + noticeMs;
        StartedAt = until;
        WarmAt = until + warmMs;
    }
}
