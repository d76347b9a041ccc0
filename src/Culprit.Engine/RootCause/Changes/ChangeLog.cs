using Culprit.Engine.Records;

namespace Culprit.Engine.RootCause.Changes;

/// <summary>The changes of one environment: those that were reported, and those that its services' own lines tell of.</summary>
/// <remarks>Bounded: the newest <see cref="MaxReported"/> reported ones, and <see cref="MaxServices"/> services that are watched.</remarks>
internal sealed class ChangeLog(string environment)
{
    private const int MaxReported = 1000;
    private const int MaxServices = 1000;
    private const int MaxVersionBytes = 64;

    /// <summary>A start so long after a reported change of its service carries it out; reports come up to as much late.</summary>
    private static readonly TimeSpan CarriedOut = TimeSpan.FromMinutes(15);

    private readonly List<ChangeEvidence> _reported = [];
    // Asked for every line; whoever reads all of them puts them in order.
    private readonly Dictionary<string, ServiceLife> _services = new(StringComparer.Ordinal);

    /// <summary>Reported ones in the order of their coming, then what the logs tell beyond them.</summary>
    public IReadOnlyList<ChangeEvidence> All =>
    [
        .. _reported,
        .. InOrder.SelectMany(s => s.Value.Changes(environment, s.Key)).Where(c => !_reported.Exists(r => IsSame(r, c))),
    ];

    private IEnumerable<KeyValuePair<string, ServiceLife>> InOrder => _services.OrderBy(s => s.Key, StringComparer.Ordinal);

    public void Observe(ChangeEvidence change)
    {
        if (_reported.Count == MaxReported)
        {
            _reported.RemoveAt(0);
        }

        _reported.Add(change);
    }

    /// <param name="timeNanos">Time by which the record is windowed.</param>
    public void ObserveLine(in LogRecord record, string service, long timeNanos)
    {
        if (!_services.TryGetValue(service, out var life))
        {
            if (_services.Count >= MaxServices)
            {
                return;
            }

            life = new ServiceLife(new ServiceLifeState());
            _services.Add(service, life);
        }

        life.Speak(timeNanos);
        if (!record.Severity.IsError() && LifeSign.Find(record.Body) is { } sign)
        {
            life.Observe(sign, timeNanos);
        }

        if (VersionOf(record.Attributes) is { Length: > 0 and <= MaxVersionBytes } version)
        {
            life.ObserveVersion(version, timeNanos);
        }
    }

    public ChangeLogState ToState() => new([.. _reported], InOrder.ToDictionary(s => s.Key, s => s.Value.State));

    public void Restore(ChangeLogState state)
    {
        _reported.AddRange(state.Reported);
        foreach (var (service, life) in state.Services)
        {
            _services.Add(service, new ServiceLife(life));
        }
    }

    /// <summary>A reported change of a service and the start that carries it out are one: the report says more.</summary>
    private static bool IsSame(ChangeEvidence reported, ChangeEvidence told) =>
        (reported.Service is null ? reported.Kind == ChangeKind.Deploy : reported.Service == told.Service)
        && reported.Kind != ChangeKind.Commit
        && (told.At - reported.At).Duration() <= CarriedOut;

    /// <summary>The value of <c>service.version</c> among the attributes, as OpenTelemetry calls it; empty without one.</summary>
    private static ReadOnlySpan<byte> VersionOf(ReadOnlySpan<byte> attributes)
    {
        var key = "\"service.version\""u8;
        var at = attributes.IndexOf(key);
        if (at < 0)
        {
            return default;
        }

        var rest = attributes[(at + key.Length)..].TrimStart(" :"u8);
        if (rest.IsEmpty || rest[0] != (byte)'"')
        {
            return default;
        }

        var end = rest[1..].IndexOf((byte)'"');
        return end < 0 ? default : rest.Slice(1, end);
    }
}

/// <summary>A <see cref="ChangeLog"/> at rest.</summary>
internal sealed record ChangeLogState(IReadOnlyList<ChangeEvidence> Reported, IReadOnlyDictionary<string, ServiceLifeState> Services);
