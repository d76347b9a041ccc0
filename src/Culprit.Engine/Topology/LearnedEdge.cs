using System.Globalization;

namespace Culprit.Engine.Topology;

/// <summary>What was observed about one pair of services; one owner, the graph.</summary>
internal sealed class LearnedEdge
{
    /// <summary>Messages of the caller that name the callee.</summary>
    public long Messages { get; set; }

    /// <summary>Of those, how many gave a host or URL rather than a bare name.</summary>
    public long Hosts { get; set; }

    /// <summary>Times that the caller spoke, then the callee, then the caller again, in one trace or request.</summary>
    public long Traces { get; set; }

    /// <summary>Spans of the callee with a parent in the caller.</summary>
    public long Spans { get; set; }

    /// <summary>Newest observation, Unix nanoseconds of event time.</summary>
    public long LastSeenNanos { get; set; }

    /// <summary>Strongest source, with its own confidence and a reason in words.</summary>
    /// <param name="reverseTraces">Traces that show the opposite direction.</param>
    public ServiceEdge ToEdge(string caller, string callee, long reverseTraces)
    {
        var fromSpans = Spans == 0 ? 0 : 0.9 + (0.09 * Grown(Spans));

        // Clocks differ and a shared id need not mean a call: however many agree, this never passes 0.6.
        var fromTraces = Traces == 0 ? 0 : 0.6 * Grown(Traces) * Traces / (Traces + reverseTraces);

        // A URL or host is something the caller connects to; a bare name may be mere talk.
        var fromMessages = Messages == 0 ? 0 : Hosts > 0 ? 0.5 + (0.35 * Grown(Hosts)) : 0.25 + (0.35 * Grown(Messages));
        var confidence = 1 - ((1 - fromSpans) * (1 - fromTraces) * (1 - fromMessages));
        var (source, reason) = this switch
        {
            { Spans: > 0 } => (EdgeSource.Span, Say($"{Spans} spans of {callee} have their parent in {caller}")),
            { Traces: > 0 } => (EdgeSource.SharedTrace, Say(
                $"{caller} spoke right before and after {callee} {Traces} times in shared traces, the other way round {reverseTraces} times")),
            { Hosts: > 0 } => (EdgeSource.Message, Say($"{Hosts} messages of {caller} give {callee} as a host")),
            _ => (EdgeSource.Message, Say($"{Messages} messages of {caller} name {callee}")),
        };
        return new ServiceEdge(caller, callee, source, Math.Round(confidence, 3), reason);
    }

    private static double Grown(long count) => 1 - (1.0 / (1 + count));

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
