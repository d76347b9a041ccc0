using System.Globalization;
using Culprit.Engine.Topology;

namespace Culprit.Engine.RootCause;

/// <summary>Times, spans and numbers as they stand in a report.</summary>
internal static class Wording
{
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The candidate's name; a general word gets its article.</summary>
    public static string Subject(Candidate candidate) =>
        IsGeneral(candidate) ? $"the {candidate.Name}" : QuotedText.Name(candidate.Name);

    /// <summary>The messages say what kind of dependency it is, not which one.</summary>
    public static bool IsGeneral(Candidate candidate) =>
        candidate.Kind == CauseKind.Dependency && InfrastructureWords.Of(candidate.Name) is { IsGeneric: true };

    public static string Span(TimeSpan span) => Math.Abs(span.TotalSeconds) switch
    {
        < 60 and var s => string.Create(CultureInfo.InvariantCulture, $"{s:0.#} s"),
        < 5400 and var s => string.Create(CultureInfo.InvariantCulture, $"{s / 60:0.#} min"),
        var s => string.Create(CultureInfo.InvariantCulture, $"{s / 3600:0.#} h"),
    };

    public static string Number(double value) => Math.Abs(value) switch
    {
        0 => "0",
        < 0.1 => "under 0.1",
        < 100 => value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.ToString("0", CultureInfo.InvariantCulture),
    };

    public static string Times(long count) => count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{count} times");

    /// <summary>A pattern's count against what the past lets expect.</summary>
    public static string Against(ScoredPattern pattern, double baselineMinutes, double windowMinutes)
    {
        var p = pattern.Pattern;
        var past = baselineMinutes <= 0
            ? "no earlier records to compare with"
            : p.IsNew
                ? string.Create(CultureInfo.InvariantCulture, $"never in the {Number(baselineMinutes)} min before")
                : string.Create(CultureInfo.InvariantCulture, $"{Number(p.BaselineCount / baselineMinutes * windowMinutes)} expected from its past");
        return p.Count == 1 ? $"once, at {Time(p.FirstAt)}; {past}" : $"{Times(p.Count)} since {Time(p.FirstAt)}; {past}";
    }
}
