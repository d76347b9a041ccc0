using System.Globalization;
using Culprit.Engine.RootCause;

namespace Culprit.Engine.Traces;

/// <summary>Blames in each trace the deepest operation in which something shifted: its callers only pass the trouble on.</summary>
internal sealed class TraceBlame(OperationIndex index, EventShifts shifts, List<CompactTrace> before, List<CompactTrace> now)
{
    /// <summary>What is left of the blame of a service that only says that another one failed.</summary>
    private const double EchoWeight = 0.3;

    /// <summary>What is left when neither something bad appeared nor something vanished that nearly always came: that may be another mix of work.</summary>
    private const double MixWeight = 0.4;

    /// <summary>From this share of requests on, something is what an operation always does.</summary>
    internal const double NearlyAlways = 0.9;

    /// <summary>Lines that share an id are no complete account of a request: so many must agree, where a few spans are enough.</summary>
    private const double ManyWithoutSpans = 10;

    private readonly Dictionary<int, Tally> _tallies = [];

    // Of the trace being looked at, node by node.
    private EventShift?[] _strongest = [];
    private int[] _below = [];

    public IEnumerable<TraceFinding> Findings()
    {
        if (!shifts.Any)
        {
            return [];
        }

        before.ForEach(t => Blame(t, isNow: false));
        now.ForEach(t => Blame(t, isNow: true));
        return _tallies
            .Where(t => t.Value.Now > 0)
            .Select(t => Find(t.Key, t.Value))
            .Where(f => f.Score > 0)
            .GroupBy(f => f.Service, StringComparer.Ordinal)
            .Select(g => g.OrderByDescending(f => f.Score).ThenBy(f => f.Text, StringComparer.Ordinal).First());
    }

    private void Blame(CompactTrace trace, bool isNow)
    {
        var nodes = trace.Nodes;
        if (_strongest.Length < nodes.Length)
        {
            (_strongest, _below) = (new EventShift?[nodes.Length], new int[nodes.Length]);
        }

        var any = false;
        for (var i = 0; i < nodes.Length; i++)
        {
            _strongest[i] = Strongest(nodes[i]);
            any |= _strongest[i] is not null;
        }

        if (!any)
        {
            return;
        }

        // A node is deepest when no node below it is anomalous; cycles of merged operations end at what was seen.
        for (var i = 0; i < nodes.Length; i++)
        {
            if (_strongest[i] is { } shift)
            {
                Array.Clear(_below, 0, nodes.Length);
                if (!HasAnomalyBelow(nodes, i, i))
                {
                    Count(nodes, i, shift, isNow, trace.RootNanos > 0);
                }
            }
        }
    }

    private void Count(TraceNode[] nodes, int at, EventShift shift, bool isNow, bool hasSpans)
    {
        var node = nodes[at];
        var isBroken = shift.Sigmas < 0 && node.LastRemote >= 0 && !Array.Exists(node.Events, shifts.IsBad);
        var blamed = isBroken ? nodes[node.LastRemote].Operation : node.Operation;
        var isSilent = shifts.IsLine(shift.Event) && !Array.Exists(node.Events, shifts.IsLine);
        Add(blamed, shift, isNow, isBroken ? node.Operation : -1, Array.Exists(node.Events, shifts.IsEcho), isSilent, hasSpans);
    }

    private void Add(int operation, EventShift shift, bool isNow, int witness, bool isEcho, bool isSilent, bool hasSpans)
    {
        if (!_tallies.TryGetValue(operation, out var tally))
        {
            _tallies[operation] = tally = new Tally();
        }

        if (!isNow)
        {
            tally.Before++;
            return;
        }

        tally.Now++;
        tally.HasSpans |= hasSpans;
        tally.Echoes += isEcho ? 1 : 0;
        tally.Silent += isSilent ? 1 : 0;
        if (tally.Shift is null || Clarity(shift) > Clarity(tally.Shift))
        {
            (tally.Shift, tally.Witness) = (shift, witness);
        }
    }

    private EventShift? Strongest(TraceNode node)
    {
        EventShift? strongest = null;
        foreach (var shift in shifts.Of(node.Operation))
        {
            var isPresent = Array.BinarySearch(node.Events, shift.Event) >= 0;
            if (isPresent == shift.Sigmas > 0 && (strongest is null || Clarity(shift) > Clarity(strongest)))
            {
                strongest = shift;
            }
        }

        return strongest;
    }

    /// <summary>An error that comes up says more than a usual step that becomes rarer: that may be another mix of work.</summary>
    private double Clarity(EventShift shift) => Math.Abs(shift.Sigmas) * (IsMix(shift) ? MixWeight : 1);

    private bool HasAnomalyBelow(TraceNode[] nodes, int at, int start)
    {
        foreach (var child in nodes[at].Children)
        {
            if (child == start || _below[child]++ > 0)
            {
                continue;
            }

            if (_strongest[child] is not null || HasAnomalyBelow(nodes, child, start))
            {
                return true;
            }
        }

        return false;
    }

    private TraceFinding Find(int operation, Tally tally)
    {
        var shift = tally.Shift!;
        var n1 = shifts.Now(operation);

        // Blame was given to kept traces only, so it is held against these; where none is left, the shift alone says how it was.
        var (k0, n0) = (tally.Before, shifts.Kept(operation));
        if (n0 == 0 && shift.N0 > 0)
        {
            (k0, n0) = (shift.Sigmas < 0 ? shift.N0 - shift.K0 : shift.K0, shift.N0);
        }

        var score = n0 > 0
            ? ProportionShift.Weighed(Math.Min(k0, n0), n0, Math.Min(tally.Now, n1), n1)
            : ProportionShift.Weighed(0, 1, tally.Now, n1);
        score *= 1 - ((1 - EchoWeight) * tally.Echoes / tally.Now);
        score *= IsMix(shift) ? MixWeight : 1;
        score *= tally.HasSpans ? 1 : Math.Min(1, tally.Now / ManyWithoutSpans);
        var service = index.ServiceOf(operation);
        var missing = shift.Sigmas < 0;
        var how = missing
            ? $"{shifts.Say(shift.Event)} is missing in {Of(shift.N1 - shift.K1, shift.N1)} requests, before in {Of(shift.N0 - shift.K0, shift.N0)}"
            : $"{shifts.Say(shift.Event)} comes in {Of(shift.K1, shift.N1)} requests, before in {Of(shift.K0, shift.N0)}";
        var text = tally.Witness >= 0
            ? $"after its answer in {Name(operation)}, {QuotedText.Name(index.ServiceOf(tally.Witness))} does not go on as before: {how}"
            : $"{QuotedText.Name(service)} works otherwise in {Name(operation)}, and nothing that it calls does: {how}";
        return new TraceFinding(service, TraceFindingKind.Blame, score, text) { Requests = (int)Math.Round(tally.Now), MayBeLate = missing && 2 * tally.Silent > tally.Now };
    }

    private bool IsMix(EventShift shift) => shift.Sigmas > 0 ? !shifts.IsBad(shift.Event) : shift.K0 < NearlyAlways * shift.N0;

    private string Name(int operation)
    {
        var name = index.Names[index.Operations[operation].Name];
        return name.Length == 0 ? "its work" : QuotedText.Quote(name);
    }

    private static string Of(double part, double whole) => string.Create(CultureInfo.InvariantCulture, $"{part:0} of {whole:0}");

    private sealed class Tally
    {
        public double Before { get; set; }

        public double Now { get; set; }

        /// <summary>Some of its traces were assembled from spans.</summary>
        public bool HasSpans { get; set; }

        /// <summary>Of those, traces in which the operation only says that another one failed.</summary>
        public double Echoes { get; set; }

        /// <summary>Of those, traces in which a line is missing and no other line of the operation came.</summary>
        public double Silent { get; set; }

        public EventShift? Shift { get; set; }

        /// <summary>The operation that stopped after this one's answer; -1 when it shows the shift itself.</summary>
        public int Witness { get; set; } = -1;
    }
}
