using System.Globalization;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>Starts of one service's processes and the versions they run, as its lines tell.</summary>
/// <remarks>
/// Starts that follow one another within <see cref="RunNanos"/> are one: several lines of one process, a rolling restart, a
/// crash loop. Bounded: the newest <see cref="MaxRuns"/>, and so many words for which a version is known.
/// </remarks>
internal sealed class ServiceLife(ServiceLifeState state)
{
    private const int MaxRuns = 20;
    private const int MaxVersions = 20;
    private const string Attribute = "service.version";

    /// <summary>Instances are replaced one after the other, with minutes in between.</summary>
    private static readonly long RunNanos = 600 * UnixNanos.PerSecond;

    /// <summary>Who was told to stop starts again within so long.</summary>
    private static readonly long StopNanos = 180 * UnixNanos.PerSecond;

    /// <summary>A service's first lines are those of its first start that we see: nothing changed.</summary>
    private static readonly long NewNanos = 60 * UnixNanos.PerSecond;

    public ServiceLifeState State => state;

    /// <summary>Lines of any kind: shows that it ran before it was started again.</summary>
    public void Speak(long timeNanos) => state.FirstNanos = Math.Min(state.FirstNanos, timeNanos);

    public void Observe(LifeSign sign, long timeNanos)
    {
        if (!sign.IsStart)
        {
            state.StoppedNanos = Math.Max(state.StoppedNanos, timeNanos);
            if (state.Runs is [.., var newest] && IsStopBefore(timeNanos, newest.FirstNanos))
            {
                newest.WasStopped = true; // Told a moment late.
            }

            return;
        }

        var run = RunAt(timeNanos, sign.Text);
        run.LastNanos = Math.Max(run.LastNanos, timeNanos);
        foreach (var (of, version) in sign.Versions)
        {
            Learn(run, of, version, timeNanos, sign.Text);
        }
    }

    /// <summary>Every line of it may carry the version that it runs.</summary>
    /// <param name="version">UTF-8.</param>
    public void ObserveVersion(ReadOnlySpan<byte> version, long timeNanos)
    {
        var isKnown = state.Versions.TryGetValue(Attribute, out var known);
        if (isKnown && (Ascii.Equals(version, known!.Version) || (known.Before is { } before && Ascii.Equals(version, before) && timeNanos - known.SinceNanos < RunNanos)))
        {
            return; // While instances are replaced, both speak.
        }

        var text = Encoding.UTF8.GetString(version);
        if (isKnown)
        {
            Learn(RunAt(timeNanos, $"{Attribute} {text}"), Attribute, text, timeNanos, null);
        }
        else if (state.Versions.Count < MaxVersions)
        {
            state.Versions[Attribute] = new KnownVersion(text, null, timeNanos); // The first that we hear of is no change.
        }
    }

    /// <summary>What changed, oldest first.</summary>
    public IEnumerable<ChangeEvidence> Changes(string environment, string service) => state.Runs
        .Where(r => r.FirstNanos - state.FirstNanos >= NewNanos)
        .Select(r => ToChange(environment, service, r));

    private LifeRun RunAt(long timeNanos, string text)
    {
        var run = state.Runs.LastOrDefault(r => timeNanos >= r.FirstNanos - RunNanos && timeNanos <= r.LastNanos + RunNanos);
        if (run is null)
        {
            if (state.Runs.Count == MaxRuns)
            {
                state.Runs.RemoveAt(0);
            }

            run = new LifeRun { FirstNanos = timeNanos, LastNanos = timeNanos, Text = text };
            state.Runs.Add(run);
        }

        if (timeNanos <= run.FirstNanos)
        {
            run.FirstNanos = timeNanos;
            run.Text = text;
        }

        run.WasStopped |= IsStopBefore(state.StoppedNanos, run.FirstNanos);
        return run;
    }

    private void Learn(LifeRun run, string of, string version, long timeNanos, string? text)
    {
        var isKnown = state.Versions.TryGetValue(of, out var known);
        if ((isKnown && known!.Version == version) || (!isKnown && state.Versions.Count >= MaxVersions))
        {
            return;
        }

        if (isKnown && timeNanos - known!.SinceNanos < RunNanos && known.Before == version)
        {
            return; // An instance that has not been replaced yet started once more.
        }

        state.Versions[of] = new KnownVersion(version, known?.Version, timeNanos);
        if (isKnown && run.Version is null)
        {
            (run.Version, run.Before, run.VersionNanos) = (version, known!.Version, timeNanos);
            run.Text = text ?? run.Text;
        }
    }

    private static bool IsStopBefore(long stopNanos, long startNanos) => stopNanos <= startNanos && startNanos - stopNanos <= StopNanos;

    private static ChangeEvidence ToChange(string environment, string service, LifeRun run)
    {
        var at = run.Version is null ? run.FirstNanos : run.VersionNanos;
        var kind = run.Version is null ? ChangeKind.Restart : ChangeKind.Deploy;
        var id = "log-" + ContentId.Of("change", environment, service, kind, at.ToString(CultureInfo.InvariantCulture))[..16];
        var what = run.Version is { } version ? $"{service} runs {version} (before: {run.Before}): "
            : run.WasStopped ? $"{service} was restarted: "
            : $"{service} started a process though none had been told to stop: ";
        return new ChangeEvidence(id, kind, service, UnixNanos.ToTime(at), what + run.Text)
        {
            Source = ChangeEvidence.Logs,
            IsCrash = run.Version is null && !run.WasStopped,
        };
    }
}

/// <summary>What <see cref="ServiceLife"/> remembers; also its frozen form.</summary>
internal sealed class ServiceLifeState
{
    /// <summary>Event time of its first line.</summary>
    public long FirstNanos { get; set; } = long.MaxValue;

    /// <summary>Event time at which it last said that it was told to stop; 0 for never.</summary>
    public long StoppedNanos { get; set; }

    public Dictionary<string, KnownVersion> Versions { get; init; } = [];

    public List<LifeRun> Runs { get; init; } = [];
}

/// <summary>The version that belongs to one word of the banners.</summary>
internal sealed record KnownVersion(string Version, string? Before, long SinceNanos);

/// <summary>Starts that belong together.</summary>
internal sealed class LifeRun
{
    public long FirstNanos { get; set; }

    public long LastNanos { get; set; }

    /// <summary>It was told to stop before the first of them.</summary>
    public bool WasStopped { get; set; }

    /// <summary>The new version, if it is known to be another; then since when, and what it replaced.</summary>
    public string? Version { get; set; }

    public string? Before { get; set; }

    public long VersionNanos { get; set; }

    /// <summary>The line that tells of it.</summary>
    public string Text { get; set; } = string.Empty;
}
