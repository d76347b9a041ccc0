using System.Text.Json;
using System.Text.RegularExpressions;
using Culprit.Engine.RootCause;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.RootCause;

public sealed partial class RankerLawsTests
{
    private static readonly RootCauseRanker Ranker = new(RunbookLibrary.Empty);

    public static TheoryData<string> All => [.. Scenarios.Names];

    [Theory]
    [MemberData(nameof(All))]
    public void TheOrderOfTheEvidenceChangesNothing(string scenario)
    {
        var expected = JsonSerializer.Serialize(Ranker.Rank(Scenarios.Named(scenario).Build()));

        for (var seed = 0; seed < 20; seed++)
        {
            var shuffled = Scenarios.Named(scenario).Build(new Random(seed));

            Assert.Equal(expected, JsonSerializer.Serialize(Ranker.Rank(shuffled)));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void AShiftInTimeChangesOnlyTheTimes(string scenario)
    {
        var now = Ranker.Rank(Scenarios.Named(scenario).Build());
        var later = SomeDossier.DefaultStart.AddDays(3).AddHours(5).AddSeconds(17);

        var shifted = Ranker.Rank(Shifted(Scenarios.Named(scenario).Build(), later - SomeDossier.DefaultStart));

        Assert.Equal(WithoutTimes(now), WithoutTimes(shifted));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void MultiplyingEveryCountKeepsTheOrder(string scenario)
    {
        var expected = Ranker.Rank(Scenarios.Named(scenario).Build()).Hypotheses[0].Service;

        foreach (var factor in new[] { 2, 3, 7, 20 })
        {
            var scaled = Ranker.Rank(Scenarios.Named(scenario).Scaled(factor).Build());

            Assert.Equal(expected, scaled.Hypotheses[0].Service);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ConfidencesFallAndTogetherStayBelowOne(string scenario)
    {
        var confidences = Ranker.Rank(Scenarios.Named(scenario).Build()).Hypotheses.Select(h => h.Confidence).ToList();

        Assert.True(confidences.Sum() <= 1.01, string.Join(' ', confidences));
        Assert.Equal(confidences.OrderDescending(), confidences);
        Assert.All(confidences, c => Assert.InRange(c, 0, 0.95));
    }

    private static Dossier Shifted(Dossier dossier, TimeSpan by) => dossier with
    {
        At = dossier.At + by,
        Incident = dossier.Incident with { StartedAt = dossier.Incident.StartedAt + by, LastSeenAt = dossier.Incident.LastSeenAt + by },
        Services = [.. dossier.Services.Select(s => s with
        {
            FirstErrorAt = s.FirstErrorAt + by,
            LastRecordAt = s.LastRecordAt + by,
            Patterns = [.. s.Patterns.Select(p => p with { FirstAt = p.FirstAt + by })],
        })],
        Metrics = [.. dossier.Metrics.Select(m => m with { At = m.At + by })],
        Changes = [.. dossier.Changes.Select(c => c with { At = c.At + by })],
    };

    private static string WithoutTimes(RootCauseReport report) => TimeOfDay().Replace(JsonSerializer.Serialize(report), "T");

    [GeneratedRegex("[0-9]{2}:[0-9]{2}:[0-9]{2}Z")]
    private static partial Regex TimeOfDay();
}
