using System.Globalization;
using System.Text.Json;
using Culprit.Server.Analysis;
using Culprit.Server.Http;
using Culprit.Server.Reporting;

namespace Culprit.Server.Analyst;

/// <summary>What an analyst is asked about: an incident or a stretch of time, as the ranker sees it.</summary>
internal sealed record AnalystCase
{
    public required string Environment { get; init; }

    /// <summary>Tools look at nothing outside <see cref="From"/> to <see cref="To"/>.</summary>
    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    public string? Question { get; init; }

    /// <summary>Best first. A verdict is one of them or unknown.</summary>
    public required IReadOnlyList<CaseCandidate> Candidates { get; init; }

    /// <summary>What detectors measured, in words.</summary>
    public required IReadOnlyList<string> Anomalies { get; init; }

    public required IReadOnlyList<string> RuledOut { get; init; }

    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>The ranker's sentence.</summary>
    public required string RankerSays { get; init; }

    private static readonly TimeSpan Before = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan After = TimeSpan.FromMinutes(5);

    /// <param name="finding">With an explanation.</param>
    public static AnalystCase Of(IncidentFinding finding, string? question = null)
    {
        var started = finding.State.GetProperty("started_at").GetDateTimeOffset();
        return new AnalystCase
        {
            Environment = JsonFields.Text(finding.State, "environment"),
            From = started - Before,
            To = finding.State.GetProperty("last_seen_at").GetDateTimeOffset() + After,
            StartedAt = started,
            Question = question,
            Candidates = [.. finding.Cause.GetProperty("hypotheses").EnumerateArray().Select((h, i) => CaseCandidate.Of(h, i + 1))],
            Anomalies = [.. finding.Anomalies.Select(a => $"{JsonFields.Text(a, "anomaly_type")}: {JsonFields.Text(a, "observed")}; expected {JsonFields.Text(a, "expected")}; services {string.Join(", ", JsonFields.Texts(a, "services"))}")],
            RuledOut = JsonFields.Texts(finding.Cause, "ruled_out"),
            Services = JsonFields.Texts(finding.State, "services"),
            RankerSays = JsonFields.Text(finding.Cause, "root_cause"),
        };
    }

    /// <summary>The ranker's first candidate.</summary>
    /// <param name="cause">A <c>log.root_cause</c> with hypotheses.</param>
    public static string SuspectOf(JsonElement cause) => CauseName.Blamed(cause.GetProperty("hypotheses")[0]);
}

/// <summary>One cause that the ranker thinks possible.</summary>
/// <param name="Id">In this case: <c>c1</c> is the ranker's first.</param>
/// <param name="Change">Full id of the change that explains it; null when none does.</param>
internal sealed record CaseCandidate(
    string Id, string Kind, string Service, double Confidence, string? Change, IReadOnlyList<CaseItem> For, IReadOnlyList<CaseItem> Against)
{
    public static CaseCandidate Of(JsonElement hypothesis, int number) => new(
        string.Create(CultureInfo.InvariantCulture, $"c{number}"),
        JsonFields.Text(hypothesis, "kind"),
        CauseName.Blamed(hypothesis),
        hypothesis.GetProperty("confidence").GetDouble(),
        JsonFields.Text(hypothesis, "change_id") is { Length: > 0 } change ? change : null,
        [.. hypothesis.GetProperty("for").EnumerateArray().Select(CaseItem.Of)],
        [.. hypothesis.GetProperty("against").EnumerateArray().Select(CaseItem.Of)]);
}

/// <summary>One piece of the ranker's evidence.</summary>
internal sealed record CaseItem(string Text, double Weight, IReadOnlyList<string> RecordIds)
{
    public static CaseItem Of(JsonElement item) => new(
        JsonFields.Text(item, "text"), item.GetProperty("weight").GetDouble(), JsonFields.Texts(item, "record_ids"));
}
