using System.Globalization;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>Fires when an environment without a baseline has more errors within the window than a plain count allows (SEED.md: 5 in 60 s).</summary>
/// <remarks>
/// Once there is a baseline the error spike detector, which knows what is usual, speaks instead. An open anomaly absorbs
/// further errors. One environment's; not thread-safe.
/// </remarks>
internal sealed class ErrorThresholdDetector(string environment, ErrorThresholdOptions options, TimeSpan lateness)
{
    public const string Name = "error-threshold";
    private const int MaxEvidence = 20;
    private const int MaxRecent = 400;

    private readonly ThresholdScope _scope = new();
    private readonly List<RecordRef> _recent = [];
    private readonly long _windowNanos = UnixNanos.From(options.Window);
    private long _firstMinute = -1;

    /// <summary>Takes one error; the anomaly that it completes, or null.</summary>
    public Anomaly? Observe(in ErrorFact fact, long tickNanos)
    {
        if (!options.Plain || HasBaseline(tickNanos))
        {
            return null;
        }

        if (fact.Reference is { } reference)
        {
            Remember(reference);
        }

        _scope.Add(fact.TimeNanos);
        var start = _scope.Window(fact.TimeNanos, options.Count, _windowNanos);
        if (start < 0)
        {
            return null;
        }

        var isNew = !_scope.IsOpen;
        _scope.Open(fact.TimeNanos);
        return isNew ? ToAnomaly(fact, start, tickNanos) : null;
    }

    /// <summary>The environment has logged: from the next full minute on, silence means that there are no errors.</summary>
    public void Learn(long tickNanos)
    {
        if (_firstMinute < 0 && tickNanos > 0)
        {
            _firstMinute = Minute(tickNanos) + 1;
        }
    }

    /// <summary>Ends what has calmed down; true while an anomaly is open.</summary>
    public bool Tick(long tickNanos)
    {
        _scope.Forget(tickNanos - _windowNanos - UnixNanos.From(lateness));
        if (_scope.IsOpen)
        {
            if (HasBaseline(tickNanos))
            {
                _scope.Close();
            }
            else if (_scope.Since(tickNanos - _windowNanos) >= options.Count)
            {
                _scope.Open(tickNanos);
            }
            else if (tickNanos - _scope.LastReached > _windowNanos)
            {
                _scope.Close();
            }
        }

        _recent.RemoveAll(r => r.TimestampNanos < tickNanos - _windowNanos - UnixNanos.From(lateness));
        return _scope.IsOpen;
    }

    public ErrorThresholdState ToState() => new(_firstMinute, [.. _recent], _scope.ToState());

    public void Restore(ErrorThresholdState state)
    {
        _firstMinute = state.FirstMinute;
        _recent.AddRange(state.Recent);
        _scope.Restore(state.Scope);
    }

    /// <summary>Full minutes of history behind the baseline.</summary>
    internal int LearnedMinutes(long tickNanos) => _firstMinute < 0 ? 0 : (int)Math.Clamp(Minute(tickNanos) - _firstMinute, 0, 60);

    private bool HasBaseline(long tickNanos) => LearnedMinutes(tickNanos) >= options.Baseline.TotalMinutes;

    private static long Minute(long nanos) => nanos / (60 * UnixNanos.PerSecond);

    private void Remember(RecordRef reference)
    {
        if (_recent.Count >= MaxRecent)
        {
            _recent.RemoveAt(0);
        }

        _recent.Add(reference);
    }

    private Anomaly ToAnomaly(in ErrorFact fact, long start, long tickNanos)
    {
        var from = Math.Min(start, fact.TimeNanos);
        var evidence = _recent
            .Where(r => r.TimestampNanos >= from && r.TimestampNanos <= from + _windowNanos)
            .OrderBy(r => r.TimestampNanos).ThenBy(r => r.Sequence)
            .ToList();
        var services = evidence.GroupBy(r => r.Service).OrderByDescending(g => g.Count())
            .ThenBy(g => g.Min(r => r.TimestampNanos)).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key).ToList();
        if (services.Count == 0)
        {
            services.Add(fact.Service);
        }

        var end = evidence.Count > 0 ? Math.Max(fact.TimeNanos, evidence[^1].TimestampNanos) : fact.TimeNanos;
        var seconds = (end - from) / (double)UnixNanos.PerSecond;
        return new Anomaly
        {
            Id = ContentId.Of("anomaly", environment, Name, "plain", (from / _windowNanos).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyClassifier.Classify(evidence),
            Detector = Name,
            IsPlain = true,
            Environment = environment,
            Services = services,
            StartedAt = UnixNanos.ToTime(from),
            DetectedAt = UnixNanos.ToTime(end),
            Window = options.Window,
            ErrorCount = options.Count,
            Expected = string.Create(CultureInfo.InvariantCulture,
                $"fewer than {options.Count} errors in {options.Window.TotalSeconds:0} s (no baseline yet: {LearnedMinutes(tickNanos)} of {options.Baseline.TotalMinutes:0} min learned)"),
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{options.Count} errors in {seconds:0.0} s from {(services.Count == 1 ? services[0] : services.Count + " services")}"),
            Evidence = [.. evidence.TakeLast(MaxEvidence)],
        };
    }
}

/// <summary>An <see cref="ErrorThresholdDetector"/> at rest.</summary>
internal sealed record ErrorThresholdState(long FirstMinute, IReadOnlyList<RecordRef> Recent, ThresholdScopeState Scope);
