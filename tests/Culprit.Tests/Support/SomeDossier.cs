using System.Globalization;
using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;

namespace Culprit.Tests.Support;

/// <summary>Writes down a small incident, second by second, and makes its dossier.</summary>
internal sealed class SomeDossier
{
    public static readonly DateTimeOffset DefaultStart = new(2026, 3, 1, 14, 3, 0, TimeSpan.Zero);

    private readonly List<Line> _lines = [];
    private readonly Dictionary<string, (long Records, double? LastAt)> _services = new(StringComparer.Ordinal);
    private readonly List<ServiceEdge> _edges = [];
    private readonly List<MetricEvidence> _metrics = [];
    private readonly List<ChangeEvidence> _changes = [];
    private double _baselineMinutes;
    private double _lengthSeconds = 60;
    private AnomalyType _type = AnomalyType.ErrorSpike;
    private DateTimeOffset _start = DefaultStart;
    private long _scale = 1;

    private sealed record Line(string Service, string Text, double At, long Count, long Before, Severity Severity);

    public SomeDossier WithBaseline(double minutes)
    {
        _baselineMinutes = minutes;
        return this;
    }

    public SomeDossier Lasting(double seconds)
    {
        _lengthSeconds = seconds;
        return this;
    }

    public SomeDossier StartingAt(DateTimeOffset start)
    {
        _start = start;
        return this;
    }

    /// <summary>Every count, past and present, times a factor.</summary>
    public SomeDossier Scaled(long factor)
    {
        _scale = factor;
        return this;
    }

    public SomeDossier OfType(AnomalyType type)
    {
        _type = type;
        return this;
    }

    public SomeDossier Error(string service, string text, double at, long count = 1, long before = 0, Severity severity = Severity.Error)
    {
        _lines.Add(new Line(service, text, at, count, before, severity));
        _services.TryAdd(service, (0, null));
        return this;
    }

    /// <summary>A service that logs as always; <paramref name="lastAt"/> makes it fall silent at that second.</summary>
    public SomeDossier Logs(string service, long records, double? lastAt = null)
    {
        _services[service] = (records, lastAt);
        return this;
    }

    public SomeDossier Depends(string caller, params string[] callees)
    {
        _edges.AddRange(callees.Select(c => new ServiceEdge(caller, c, EdgeSource.Declared, 1, "declared in the configuration")));
        return this;
    }

    public SomeDossier Metric(string service, string name, double median, double value, double at = 0, double deviation = 1)
    {
        _metrics.Add(new MetricEvidence(service, name, "", median, deviation, value, _start.AddSeconds(at), 60));
        return this;
    }

    public SomeDossier Change(string id, string? service, double at, string kind = "deploy")
    {
        _changes.Add(new ChangeEvidence(id, kind, service, _start.AddSeconds(at), $"roll out {id}"));
        return this;
    }

    public SomeDossier Commit(string id, double at, string message, string diff, params string[] files)
    {
        _changes.Add(new ChangeEvidence(id, "commit", null, _start.AddSeconds(at), message) { Diff = diff, Files = files });
        return this;
    }

    /// <summary>A deploy that carries a commit.</summary>
    public SomeDossier Carried(string commit, string service, double at)
    {
        _changes.Add(new ChangeEvidence($"deploy-{commit}", "deploy", service, _start.AddSeconds(at), "deploy") { CommitId = commit });
        return this;
    }

    /// <param name="order">Shuffles every list; null keeps them as written.</param>
    public Dossier Build(Random? order = null)
    {
        var services = _services.Select(s => Service(s.Key, s.Value.Records, s.Value.LastAt, order));
        var errors = _lines.Sum(l => l.Count) * _scale;
        var anomaly = new Anomaly
        {
            Id = "a1",
            Type = _type,
            Detector = "error-threshold",
            Environment = "production",
            Services = [.. _lines.Select(l => l.Service).Distinct()],
            StartedAt = _start,
            DetectedAt = _start.AddSeconds(_lengthSeconds),
            Window = TimeSpan.FromMinutes(1),
            ErrorCount = errors,
            Expected = "fewer than 5 errors in 60 s",
            Observed = $"{errors} errors",
            Evidence = [],
        };
        return new Dossier
        {
            Incident = new Incident
            {
                Id = "i1",
                Environment = "production",
                State = IncidentState.Open,
                Severity = IncidentSeverity.Medium,
                StartedAt = _start,
                DetectedAt = anomaly.DetectedAt,
                LastSeenAt = anomaly.DetectedAt,
                ErrorCount = errors,
                Services = anomaly.Services,
                Anomalies = [anomaly],
                Type = anomaly.Type,
            },
            At = _start.AddSeconds(_lengthSeconds),
            Services = InOrder(services, order),
            Edges = InOrder(_edges, order),
            Metrics = InOrder(_metrics, order),
            Changes = InOrder(_changes, order),
        };
    }

    private ServiceEvidence Service(string service, long records, double? lastAt, Random? order)
    {
        var lines = _lines.Where(l => l.Service == service).ToList();
        var errors = lines.Where(l => l.Severity.IsError()).ToList();
        return new ServiceEvidence
        {
            Service = service,
            Records = (records + lines.Sum(l => l.Count)) * _scale,
            Errors = errors.Sum(l => l.Count) * _scale,
            BaselineErrorsPerMinute = _baselineMinutes > 0 ? errors.Sum(l => l.Before) * _scale / _baselineMinutes : 0,
            BaselineMinutes = _baselineMinutes,
            FirstErrorAt = errors.Count > 0 ? _start.AddSeconds(errors.Min(l => l.At)) : null,
            LastRecordAt = _start.AddSeconds(lastAt ?? _lengthSeconds - 1),
            Patterns = InOrder(lines.Select((l, i) => Pattern(l, i)), order),
        };
    }

    private PatternEvidence Pattern(Line line, int index)
    {
        var at = _start.AddSeconds(line.At);
        var id = string.Create(CultureInfo.InvariantCulture, $"{line.Service}/{index}");
        var sample = new RecordRef(index, id, UnixNanos.From(at), line.Service, line.Severity, line.Text, null);
        return new PatternEvidence(
            new PatternId((ulong)(index + 1)), line.Text, line.Severity, line.Count * _scale, line.Before * _scale, at, [sample]);
    }

    private static IReadOnlyList<T> InOrder<T>(IEnumerable<T> items, Random? order)
    {
        var list = items.ToArray();
        order?.Shuffle(list);
        return list;
    }
}
