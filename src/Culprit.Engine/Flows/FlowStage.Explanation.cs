using System.Diagnostics;
using System.Globalization;

namespace Culprit.Engine.Flows;

/// <summary>Verdicts in words.</summary>
internal sealed partial class FlowStage
{
    private const int MaxQuoted = 100;

    private FlowVerdict VerdictOf(FlowSession session) => new(
        session.Id,
        session.Kind!.Key,
        session.StartNanos,
        session.LastNanos,
        session.Records,
        session.IsOpen,
        session.First,
        session.Deviation,
        session.Slow,
        string.Join("; ", Reasons(session)));

    private IEnumerable<string> Reasons(FlowSession session)
    {
        if (session.Deviation is { } deviation)
        {
            yield return Explain(session, deviation);
        }

        if (session.Slow is { } slow)
        {
            yield return Explain(slow);
        }
    }

    private string Explain(FlowSession session, FlowDeviation deviation)
    {
        var step = Quote(_steps[deviation.Step]);
        var (share, of) = (deviation.Share, deviation.Of);
        return deviation.Kind switch
        {
            FlowDeviationKind.RareStep => string.Create(
                CultureInfo.InvariantCulture,
                $"takes step {step}, which only {share:0.##%} of {of:N0} sessions that begin alike take"),
            FlowDeviationKind.StepCount => string.Create(
                CultureInfo.InvariantCulture,
                $"takes step {step} {deviation.Times} {(deviation.Times == 1 ? "time" : "times")}, as only {share:0.##%} of {of:N0} sessions with this step do"),
            FlowDeviationKind.MissingStep => string.Create(
                CultureInfo.InvariantCulture,
                $"ends after {Quote(_steps[session.LastStep])} with {session.Kind!.UsualSteps(session)} of {session.Kind.UsualSteps(null)} usual steps; {1 - share:0.##%} of {of:N0} sessions with {step} go on to {Quote(_steps[deviation.Missing])}"),
            _ => throw new UnreachableException($"Unknown deviation {deviation.Kind}."),
        };
    }

    private string Explain(FlowSlowness slow) => string.Create(
        CultureInfo.InvariantCulture,
        $"step {Quote(_steps[slow.Pause.To])} {Time(slow.Pause.Nanos)} after {Quote(_steps[slow.Pause.From])}; {Math.Floor(10_000.0 * slow.Below / slow.Of) / 100:0.##} % of {slow.Of:N0} take below {Time(slow.UsualNanos)}");

    private static string Time(long nanos) => (nanos / 1e9) switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e6:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1e9:0.#} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 60e9:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanos / 3600e9:0.#} h"),
    };

    private string Quote(FlowStep step)
    {
        var words = text(step.Service, step.Pattern);
        return words.Length > 0 ? $"'{(words.Length > MaxQuoted ? words[..MaxQuoted] + "…" : words)}' of {step.Service}" : $"{step.Pattern} of {step.Service}";
    }
}
