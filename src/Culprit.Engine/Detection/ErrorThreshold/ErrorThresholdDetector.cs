using System.Globalization;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection.ErrorThreshold;

/// <summary>Fires when an environment, a service or a pattern has more errors within the window than it should.</summary>
/// <remarks>
/// Until the environment has a baseline, the plain count of the environment decides (SEED.md: 5 in 60 s). With one, every
/// scope must exceed what is usual for it, so that a noisy service does not mask a quiet one; the narrowest scope that
/// fires speaks for the wider ones. An open scope absorbs further errors. One environment's; not thread-safe.
/// </remarks>
internal sealed class ErrorThresholdDetector(string environment, ErrorThresholdOptions options, TimeSpan lateness)
{
    public const string Name = "error-threshold";
    private const int MaxScopes = 4096;
    private const int MaxEvidence = 20;
    private const int MaxRecent = 400;

    private readonly Dictionary<string, ErrorScope> _scopes = [];
    private readonly List<RecordRef> _recent = [];
    private readonly long _windowNanos = UnixNanos.From(options.Window);
    private long _firstMinute = -1;

    /// <summary>Takes one error; the anomaly that it completes, or null.</summary>
    public Anomaly? Observe(in ErrorFact fact, long tickNanos)
    {
        if (fact.Reference is { } reference)
        {
            Remember(reference);
        }

        var learned = LearnedMinutes(tickNanos);
        if (learned < options.Baseline.TotalMinutes)
        {
            // The narrower scopes already learn what is usual, but only the environment speaks.
            Scope(PatternKey(fact), tickNanos)?.Add(fact.TimeNanos, tickNanos);
            Scope(ServiceKey(fact), tickNanos)?.Add(fact.TimeNanos, tickNanos);
            return Plainly(fact, tickNanos);
        }

        Anomaly? found = null;
        foreach (var key in (ReadOnlySpan<string>)[PatternKey(fact), ServiceKey(fact), EnvironmentKey])
        {
            if (Scope(key, tickNanos) is not { } scope)
            {
                continue;
            }

            scope.Add(fact.TimeNanos, tickNanos);
            var (count, start) = scope.InWindow(fact.TimeNanos, options.Window);
            var (limit, usual) = Limit(scope, tickNanos);
            if (count < limit)
            {
                continue;
            }

            var isNew = !scope.IsOpen || scope.OpenedPlainly;
            scope.Open(fact.TimeNanos, plainly: false);
            if (isNew && found is null && !HasOpenNarrower(key, fact))
            {
                found = ToAnomaly(fact, key, start, count, plainly: false,
                    string.Create(CultureInfo.InvariantCulture, $"fewer than {limit} errors in {options.Window.TotalSeconds:0} s ({usual})"));
            }
        }

        return found;
    }

    /// <summary>The environment has logged: from the next full minute on, silence means that there are no errors.</summary>
    public void Learn(long tickNanos)
    {
        if (_firstMinute < 0 && tickNanos > 0)
        {
            _firstMinute = Minute(tickNanos) + 1;
        }
    }

    /// <summary>Closes the scopes that have calmed down; true while any is open.</summary>
    public bool Tick(long tickNanos)
    {
        var anyOpen = false;
        List<string>? idle = null;
        var pruning = Minute(tickNanos) != Minute(tickNanos - UnixNanos.PerSecond);
        foreach (var (key, scope) in _scopes)
        {
            scope.Forget(tickNanos - _windowNanos - UnixNanos.From(lateness));
            if (scope.IsOpen)
            {
                var (limit, _) = scope.OpenedPlainly && LearnedMinutes(tickNanos) < options.Baseline.TotalMinutes
                    ? (options.Count, string.Empty)
                    : Limit(scope, tickNanos);
                var (count, _) = scope.InWindow(tickNanos, options.Window);
                if (count >= limit)
                {
                    scope.Open(tickNanos, scope.OpenedPlainly);
                }
                else if (tickNanos - scope.LastReached > _windowNanos)
                {
                    scope.Close();
                }

                anyOpen |= scope.IsOpen;
            }
            else if (pruning && scope.IsIdle(Minute(tickNanos)))
            {
                (idle ??= []).Add(key);
            }
        }

        idle?.ForEach(key => _scopes.Remove(key));
        _recent.RemoveAll(r => r.TimestampNanos < tickNanos - _windowNanos - UnixNanos.From(lateness));
        return anyOpen;
    }

    public ErrorThresholdState ToState() =>
        new(_firstMinute, [.. _recent], _scopes.ToDictionary(s => s.Key, s => s.Value.ToState()));

    public void Restore(ErrorThresholdState state)
    {
        _firstMinute = state.FirstMinute;
        _recent.AddRange(state.Recent);
        foreach (var (key, scope) in state.Scopes)
        {
            _scopes.Add(key, ErrorScope.Restore(scope));
        }
    }

    /// <summary>Full minutes of history behind the baseline.</summary>
    internal int LearnedMinutes(long tickNanos) => _firstMinute < 0 ? 0 : (int)Math.Clamp(Minute(tickNanos) - _firstMinute, 0, 60);

    private const string EnvironmentKey = "environment";

    private static string ServiceKey(in ErrorFact fact) => "service:" + fact.Service;

    private static string PatternKey(in ErrorFact fact) => $"pattern:{fact.Service}:{fact.Pattern}";

    private static long Minute(long nanos) => nanos / (60 * UnixNanos.PerSecond);

    private Anomaly? Plainly(in ErrorFact fact, long tickNanos)
    {
        var scope = Scope(EnvironmentKey, tickNanos)!;
        scope.Add(fact.TimeNanos, tickNanos);
        if (!options.Plain)
        {
            return null;
        }

        var start = scope.PlainWindow(fact.TimeNanos, options.Count, _windowNanos);
        if (start < 0)
        {
            return null;
        }

        var isNew = !scope.IsOpen;
        scope.Open(fact.TimeNanos, plainly: true);
        return isNew
            ? ToAnomaly(fact, EnvironmentKey, start, options.Count, plainly: true, string.Create(CultureInfo.InvariantCulture,
                $"fewer than {options.Count} errors in {options.Window.TotalSeconds:0} s (no baseline yet: {LearnedMinutes(tickNanos)} of {options.Baseline.TotalMinutes:0} min learned)"))
            : null;
    }

    private bool HasOpenNarrower(string key, in ErrorFact fact) =>
        (key != PatternKey(fact) && _scopes.TryGetValue(PatternKey(fact), out var pattern) && pattern.IsOpen)
        || (key == EnvironmentKey && _scopes.TryGetValue(ServiceKey(fact), out var service) && service.IsOpen);

    private (long Limit, string Usual) Limit(ErrorScope scope, long tickNanos)
    {
        var (mean, variance, minutes) = scope.Usual(_firstMinute, Minute(tickNanos));
        var limit = CountLimit.For(mean, variance, Math.Max(1, minutes), options.Window, options.FalseAlarmProbability);
        return (Math.Max(options.Count, limit), string.Create(CultureInfo.InvariantCulture, $"mean {mean:0.0} a minute over {minutes} min"));
    }

    private ErrorScope? Scope(string key, long tickNanos)
    {
        if (_scopes.TryGetValue(key, out var scope))
        {
            return scope;
        }

        if (_scopes.Count >= MaxScopes && key != EnvironmentKey)
        {
            return null;
        }

        scope = new ErrorScope();
        _scopes.Add(key, scope);
        return scope;
    }

    private void Remember(RecordRef reference)
    {
        if (_recent.Count >= MaxRecent)
        {
            _recent.RemoveAt(0);
        }

        _recent.Add(reference);
    }

    private Anomaly ToAnomaly(in ErrorFact fact, string key, long start, long count, bool plainly, string expected)
    {
        var service = key == EnvironmentKey ? null : fact.Service;
        var from = Math.Min(start, fact.TimeNanos);
        var evidence = _recent
            .Where(r => r.TimestampNanos >= from && r.TimestampNanos <= from + _windowNanos && (service is null || r.Service == service))
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
            Id = ContentId.Of("anomaly", environment, Name, plainly ? "plain" : key, (from / _windowNanos).ToString(CultureInfo.InvariantCulture)),
            Type = AnomalyClassifier.Classify(evidence),
            Detector = Name,
            IsPlain = plainly,
            Environment = environment,
            Services = services,
            StartedAt = UnixNanos.ToTime(from),
            DetectedAt = UnixNanos.ToTime(end),
            Window = options.Window,
            ErrorCount = count,
            Expected = expected,
            Observed = string.Create(CultureInfo.InvariantCulture,
                $"{count} errors in {seconds:0.0} s from {(services.Count == 1 ? services[0] : services.Count + " services")}"),
            Evidence = [.. evidence.TakeLast(MaxEvidence)],
        };
    }
}

/// <summary>An <see cref="ErrorThresholdDetector"/> at rest.</summary>
internal sealed record ErrorThresholdState(
    long FirstMinute, IReadOnlyList<RecordRef> Recent, IReadOnlyDictionary<string, ErrorScopeState> Scopes);
