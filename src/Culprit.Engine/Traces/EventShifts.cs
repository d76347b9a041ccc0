using Culprit.Engine.Records;
using Culprit.Engine.RootCause;
using Culprit.Engine.Topology;

namespace Culprit.Engine.Traces;

/// <summary>Which events of which operations became more or less frequent among the operation's traces.</summary>
internal sealed class EventShifts
{
    /// <summary>Sigmas from which a shift is believed; between 1.5 and 2.5 it hardly matters.</summary>
    private const double MinSigmas = 2;

    private readonly OperationIndex _index;
    private readonly Func<string, PatternId, string> _text;
    private readonly Dictionary<int, bool> _bad = [];
    private readonly Dictionary<int, bool> _echo = [];
    private readonly HashSet<string> _failing;
    private readonly TraceCounts _past;
    private readonly TraceCounts _before = new();
    private readonly TraceCounts _now = new();
    private readonly Dictionary<int, List<EventShift>> _byOperation = [];

    public EventShifts(
        OperationIndex index, TraceCounts past, List<CompactTrace> before, List<CompactTrace> now, Func<string, PatternId, string> text)
    {
        _index = index;
        _text = text;
        _past = past;
        before.ForEach(_before.Add);
        now.ForEach(_now.Add);
        _failing = now.SelectMany(Failing).Distinct()
            .Select(operation => NodeName.Normalise(index.ServiceOf(operation))).ToHashSet(StringComparer.Ordinal);
        for (var id = 0; id < _index.Events.Count; id++)
        {
            if (Judge(id) is { } shift && Math.Abs(shift.Sigmas) >= MinSigmas)
            {
                if (!_byOperation.TryGetValue(shift.Operation, out var shifts))
                {
                    _byOperation[shift.Operation] = shifts = [];
                }

                shifts.Add(shift);
            }
        }
    }

    /// <summary>Whether anything shifted anywhere.</summary>
    public bool Any => _byOperation.Count > 0;

    /// <summary>What shifted in an operation.</summary>
    public IReadOnlyList<EventShift> Of(int operation) => _byOperation.GetValueOrDefault(operation) ?? [];

    /// <summary>Traces that ran the operation before.</summary>
    public double Before(int operation) => _past.Visits(operation) + _before.Visits(operation);

    /// <summary>Of those, the traces that are still kept, so that it is known what they did together.</summary>
    public double Kept(int operation) => _before.Visits(operation);

    /// <summary>Traces that run it now.</summary>
    public double Now(int operation) => _now.Visits(operation);

    /// <summary>An error status, a line of an error level, or one whose words say that something failed.</summary>
    public bool IsBad(int id)
    {
        if (!_bad.TryGetValue(id, out var isBad))
        {
            var key = _index.Events[id];
            isBad = key.Kind switch
            {
                TraceEventKind.Error => true,
                TraceEventKind.Line => key.Level >= (byte)Severity.Error || FailureWords.Find(Text(key)) is not null,
                _ => false,
            };
            _bad.Add(id, isBad);
        }

        return isBad;
    }

    /// <summary>A line that only passes on another's failure: it says where the trouble shows, not where it is.</summary>
    public bool IsEcho(int id)
    {
        if (!_echo.TryGetValue(id, out var isEcho))
        {
            var key = _index.Events[id];
            isEcho = key.Kind == TraceEventKind.Line && Text(key) is var text && FailureWords.Find(text) is { } kind
                && (NamesAnother(text, _index.ServiceOf(key.Operation)) ?? FailureWords.SpeaksOfAnother(text, kind));
            _echo.Add(id, isEcho);
        }

        return isEcho;
    }

    /// <summary>A line that was logged.</summary>
    public bool IsLine(int id) => _index.Events[id].Kind == TraceEventKind.Line;

    /// <summary>An error status, or a line of an error level that is no echo.</summary>
    public bool IsOwnError(int id) => _index.Events[id] is var key
        && (key.Kind == TraceEventKind.Error || (key.Kind == TraceEventKind.Line && key.Level >= (byte)Severity.Error && !IsEcho(id)));

    /// <summary>The event in words.</summary>
    public string Say(int id)
    {
        var key = _index.Events[id];
        return key.Kind switch
        {
            TraceEventKind.Error => "an error status",
            TraceEventKind.Call => $"the call to {QuotedText.Name(_index.Names[(int)(key.Value >> 32)])}",
            _ => $"the line {QuotedText.Quote(Text(key))}{(_index.PositionOf((int)key.Value) is { Length: > 0 } at ? $" at {QuotedText.Name(at)}" : "")}",
        };
    }

    /// <summary>Calls that nearly all of an operation's requests made before and that are now left out, by spans: lines of a host that ships late would look the same.</summary>
    /// <param name="minSigmas">How clearly.</param>
    public IEnumerable<EventShift> LeftOutCalls(double minSigmas) => _byOperation.Values.SelectMany(s => s).Where(s =>
        s.Sigmas <= -minSigmas && s.K0 >= TraceBlame.NearlyAlways * s.N0
        && _index.Events[s.Event] is { Kind: TraceEventKind.Call } key && (uint)key.Value != 0);

    private static IEnumerable<int> Failing(CompactTrace trace) =>
        Array.Exists(trace.Nodes, n => n.HasError) ? trace.Nodes.Where(n => n.HasError).Select(n => n.Operation) : [];

    private EventShift? Judge(int id)
    {
        var operation = _index.Events[id].Operation;
        var n1 = _now.Visits(operation);
        if (n1 == 0)
        {
            return null;
        }

        var n0 = Before(operation);
        var k0 = Math.Min(n0, _past.Events(id) + _before.Events(id));
        var k1 = _now.Events(id);
        if (n0 == 0)
        {
            // Never seen at work: only what is bad in itself says anything.
            return k1 > 0 && IsBad(id) ? new EventShift(id, operation, ProportionShift.Root(0, 1, k1, n1), 0, 0, k1, n1) : null;
        }

        return new EventShift(id, operation, ProportionShift.Root(k0, n0, k1, n1), k0, n0, k1, n1);
    }

    /// <summary>It names a service that reports errors itself: a healthy one that is named explains nothing. Null when it names none.</summary>
    private bool? NamesAnother(string text, string speaker)
    {
        var self = NodeName.Normalise(speaker);
        var named = PeerScanner.Find(text, _failing).Where(m => m.Name != self && m.Form != PeerForm.Address).ToList();
        return named.Count == 0 ? null : named.Exists(m => _failing.Contains(m.Name));
    }

    private string Text(EventKey key) => _text(_index.ServiceOf(key.Operation), _index.PatternOf((int)key.Value));
}

/// <summary>An event that became more frequent (positive sigmas) or rarer among the traces of its operation.</summary>
/// <param name="K0">Traces with it before, of <paramref name="N0"/>.</param>
/// <param name="K1">Traces with it now, of <paramref name="N1"/>.</param>
internal sealed record EventShift(int Event, int Operation, double Sigmas, double K0, double N0, double K1, double N1);
