using Culprit.Engine.Admission;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;

namespace Culprit.Server.Configuration;

/// <summary>One rule of <c>admission</c>: the first that matches a record decides how long it is kept and whether it is sampled.</summary>
internal sealed class AdmissionSection
{
    private const int MaxRules = 64;

    /// <summary>Which records: a filter, such as <c>environment = "staging" &amp; service in ("a", "b") &amp; level = debug</c>. Default: all.</summary>
    public string? Where { get; set; }

    /// <summary>How long they are kept. Default: as <c>retention: keep</c> says.</summary>
    /// <remarks>At most 8 different times, that of <c>retention: keep</c> included. A change holds for new records.</remarks>
    public string? Keep { get; set; }

    /// <summary>Share that is kept, 0.0001 to 1; whole traces, and counts are corrected for it. Default 1.</summary>
    public double Sample { get; set; } = 1;

    /// <summary>The worst level that is sampled; records that are worse are all kept. Default <c>info</c>.</summary>
    public string SampleUpTo { get; set; } = "info";

    public static void Check(List<AdmissionSection> rules, RetentionSection retention, Action<bool, string, object, string> check)
    {
        check(rules.Count <= MaxRules, "admission", $"{rules.Count} rules", $"at most {MaxRules}");
        for (var i = 0; i < rules.Count; i++)
        {
            rules[i].Check($"admission:{i}", check);
        }

        var times = Times(rules, retention);
        check(
            times.Count <= RecordMark.Classes,
            "admission",
            $"{times.Count} different times ({string.Join(", ", times.Select(KeepTime.Format))})",
            $"at most {RecordMark.Classes}, retention:keep included");
    }

    /// <summary>The different times, that of the default class first.</summary>
    public static IReadOnlyList<TimeSpan> Times(IEnumerable<AdmissionSection> rules, RetentionSection retention) =>
        [.. rules.Select(r => r.Keep).Prepend(retention.Keep)
            .Where(k => KeepTime.TryParse(k, out _)).Select(Time).Distinct()];

    /// <param name="classOf">Number of the retention class that keeps records that long.</param>
    public AdmissionRule ToRule(Func<TimeSpan, int> classOf) => new(
        Where is null ? null : Filters.Parse(Where).Filter,
        Keep is null ? 0 : classOf(Time(Keep)),
        Sample,
        Level() ?? Severity.Info);

    private static TimeSpan Time(string? keep) => KeepTime.TryParse(keep, out var time) ? time : TimeSpan.Zero;

    private void Check(string key, Action<bool, string, object, string> check)
    {
        if (Where is not null)
        {
            var parse = Filters.Parse(Where);
            check(parse.Filter is not null, key + ":where", Where, "a filter: " + parse.Error?.Message);
            if (parse.Filter is { } filter && AdmissionRule.ProblemOf(filter) is { } problem)
            {
                check(false, key + ":where", Where, "another filter: " + problem);
            }
        }

        check(Keep is null || KeepTime.TryParse(Keep, out _), key + ":keep", Keep ?? "", KeepTime.Allowed);
        check(Sample is >= SampleWeights.SmallestShare and <= 1, key + ":sample", Sample, "0.0001 to 1");
        check(Level() is not null, key + ":sampleUpTo", SampleUpTo, "debug, info, warn, error or fatal");
    }

    private Severity? Level() => Enum.GetValues<Severity>().Where(s => s.ToWire() == SampleUpTo).Select(s => (Severity?)s).FirstOrDefault();
}
