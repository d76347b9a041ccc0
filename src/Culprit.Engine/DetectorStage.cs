using System.Globalization;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Extending;
using Culprit.Engine.Records;

namespace Culprit.Engine;

/// <summary>A detector of a plug-in threw, and is left out until the next start.</summary>
internal sealed record DetectorFault(string Detector, string Environment, Exception Exception);

/// <summary>The detectors of plug-ins at work in one environment. One that throws never stops the engine.</summary>
internal sealed class DetectorStage
{
    private const int MaxFindings = 20;
    private const int MaxEvidence = 20;

    private readonly string _environment;
    private readonly Action<DetectorFault>? _failed;
    private readonly Dictionary<string, IDetector> _detectors = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<ServiceDigest>> _pending = new(StringComparer.Ordinal);

    public DetectorStage(string environment, PipelineOptions options)
    {
        _environment = environment;
        _failed = options.DetectorFailed;
        foreach (var (name, create) in options.Detectors)
        {
            Guard(name, () => _detectors.Add(name, create(environment)));
        }
    }

    public void Observe(ServiceDigest digest)
    {
        if (!_pending.TryGetValue(digest.Service, out var digests))
        {
            digests = [];
            _pending.Add(digest.Service, digests);
        }

        digests.Add(digest);
    }

    /// <summary>Asks every detector about what was observed since the last tick.</summary>
    /// <param name="text">Display text of a pattern of a service.</param>
    public List<(Anomaly Anomaly, IncidentSeverity Severity)> Tick(long tickNanos, Func<string, PatternId, string> text)
    {
        var services = _pending.Select(p => Merge(p.Key, p.Value, tickNanos, text)).ToList();
        _pending.Clear();
        var found = new List<(Anomaly, IncidentSeverity)>();
        foreach (var (name, detector) in _detectors.ToList())
        {
            Guard(name, () => found.AddRange(detector.Tick(UnixNanos.ToTime(tickNanos), services)
                .Take(MaxFindings).Select((f, i) => ToAnomaly(name, i, f, tickNanos)).ToList()));
        }

        return found;
    }

    /// <summary>Call right after a tick: nothing is pending then.</summary>
    public DetectorState[] ToState()
    {
        var states = new List<DetectorState>();
        foreach (var (name, detector) in _detectors.ToList())
        {
            Guard(name, () => states.Add(new DetectorState(name, detector.Save().ToArray())));
        }

        return [.. states];
    }

    /// <summary>A detector that is new, or cannot read what it saved, starts afresh or is left out.</summary>
    public void Restore(IReadOnlyList<DetectorState> states)
    {
        foreach (var state in states)
        {
            if (_detectors.TryGetValue(state.Name, out var detector))
            {
                Guard(state.Name, () => detector.Restore(state.Saved));
            }
        }
    }

    private ServiceSecond Merge(string service, List<ServiceDigest> digests, long tickNanos, Func<string, PatternId, string> text)
    {
        var levels = new long[5];
        foreach (var digest in digests)
        {
            for (var i = 0; i < levels.Length; i++)
            {
                levels[i] += digest.ByLevel[i];
            }
        }

        return new ServiceSecond(
            _environment, service, UnixNanos.ToTime(tickNanos), levels[0], levels[1], levels[2], levels[3], levels[4],
            digests.Sum(d => d.Duplicates),
            [
                .. digests.SelectMany(d => d.Patterns).GroupBy(p => p.Pattern).Select(g => new PatternSecond(
                    g.Key.ToString(), text(service, g.Key), g.Max(p => p.Severity).ToWire(), g.Sum(p => p.Count),
                    new RecordView(g.First().Sample))),
            ]);
    }

    private (Anomaly, IncidentSeverity) ToAnomaly(string name, int index, DetectorFinding finding, long tickNanos)
    {
        if (finding.Services.Count == 0)
        {
            throw new ArgumentException("A finding names no service.");
        }

        var evidence = finding.Evidence.Take(MaxEvidence).Select(e => e.Reference)
            .OrderBy(r => r.TimestampNanos).ThenBy(r => r.Sequence).ToList();
        var now = UnixNanos.ToTime(tickNanos);
        var anomaly = new Anomaly
        {
            Id = ContentId.Of("detector", name, _environment, Number(tickNanos), Number(index)),
            Type = Word<AnomalyType>(finding.Type, AnomalyTypes.ToWire),
            Detector = name,
            Environment = _environment,
            Services = finding.Services,
            StartedAt = finding.StartedAt ?? (evidence.Count > 0 ? UnixNanos.ToTime(evidence[0].TimestampNanos) : now),
            DetectedAt = now,
            Window = TimeSpan.FromSeconds(1),
            ErrorCount = finding.Count,
            Expected = finding.Expected,
            Observed = finding.Observed,
            Evidence = evidence,
        };
        return (anomaly, Word<IncidentSeverity>(finding.Severity, IncidentWords.ToWire));
    }

    private static T Word<T>(string word, Func<T, string> toWire)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>();
        var at = Array.FindIndex(known, k => toWire(k) == word);
        return at >= 0 ? known[at] : throw new ArgumentException($"A finding says '{word}'; use {string.Join(", ", known.Select(toWire))}.");
    }

    private void Guard(string name, Action call)
    {
        try
        {
            call();
        }
        catch (Exception e)
        {
            // The outermost place of somebody else's code: its state is unknown now, so it is not asked again.
            _detectors.Remove(name);
            _failed?.Invoke(new DetectorFault(name, _environment, e));
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a detector saved.</summary>
internal sealed record DetectorState(string Name, byte[] Saved);
