using System.Globalization;
using Culprit.Engine.Admission;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Tests.Filtering;

namespace Culprit.Tests.Admission;

public sealed class AdmissionGateTests
{
    private static readonly FilterRecord Debug = new() { Level = Severity.Debug };

    [Fact]
    public void TheFirstRuleThatMatchesDecides()
    {
        var gate = new AdmissionGate(
        [
            Rule("environment = \"staging\" & level = debug", retentionClass: 3),
            Rule("service in (\"payment\", \"auth\")", retentionClass: 2),
            Rule("level = debug", retentionClass: 1),
        ]);

        Assert.Equal(3, ClassOf(gate, Debug with { Environment = "staging", Service = "payment" }));
        Assert.Equal(2, ClassOf(gate, Debug with { Service = "payment" }));
        Assert.Equal(1, ClassOf(gate, Debug));
        Assert.Equal(0, ClassOf(gate, Debug with { Level = Severity.Info }));
    }

    [Fact]
    public void ARuleWithoutAFilterTakesEveryRecord()
    {
        var gate = new AdmissionGate([new AdmissionRule(null, 5, 1)]);

        Assert.Equal(5, ClassOf(gate, Debug with { Kind = EventKind.Metric }));
    }

    [Theory]
    [InlineData(0.5, 10_000)]
    [InlineData(0.1, 20_000)]
    [InlineData(0.3, 20_000)]
    [InlineData(0.75, 10_000)]
    [InlineData(0.01, 100_000)]
    public void TheWeightsOfTheKeptRecordsAddUpToWhatWasSent(double sample, int sent)
    {
        var gate = new AdmissionGate([new AdmissionRule(null, 0, sample)]);
        var (kept, weights) = (0, 0L);

        for (var i = 0; i < sent; i++)
        {
            if (Admit(gate, Numbered(i)) is { } mark)
            {
                kept++;
                weights += mark.Weight;
            }
        }

        // Four standard deviations of a binomial; the hash is fixed, so this cannot fail now and then.
        var deviation = Math.Sqrt(sent * sample * (1 - sample));
        Assert.InRange(kept, (sample * sent) - (4 * deviation), (sample * sent) + (4 * deviation));
        Assert.InRange(weights, sent - (4.5 * deviation / sample), sent + (4.5 * deviation / sample));
    }

    [Fact]
    public void TheVerdictsAreTheSameEverywhereAndForEver()
    {
        // These numbers are what other nodes and later versions must find, too.
        var gate = new AdmissionGate([new AdmissionRule(null, 0, 0.1)]);

        var kept = Enumerable.Range(0, 100).Where(i => Admit(gate, Numbered(i)) is not null);

        Assert.Equal("2 3 20 27 39 66 94 95 96", string.Join(' ', kept));
    }

    [Fact]
    public void ATraceIsKeptOrLeftOutAsAWhole()
    {
        var gate = new AdmissionGate([Rule("service = \"api-gateway\"", 0, 0.5), new AdmissionRule(null, 0, 0.2)]);
        var whole = 0;

        for (var trace = 0; trace < 200; trace++)
        {
            var record = Debug with { TraceId = Text(trace) };
            var gateway = Enumerable.Range(0, 5).Select(i => Admit(gate, record with { Message = Text(i), Second = i }) is not null).ToList();
            var database = Enumerable.Range(0, 5).Select(i => Admit(gate, record with { Service = "database", Message = Text(i) }) is not null).ToList();

            Assert.Single(gateway.Distinct());
            Assert.Single(database.Distinct());
            Assert.True(gateway[0] || !database[0], "Who samples less must keep what others keep.");
            whole += database[0] ? 1 : 0;
        }

        Assert.InRange(whole, 20, 60);
    }

    [Theory]
    [InlineData(null, "info")]
    [InlineData("debug", "debug")]
    [InlineData("warn", "warn")]
    [InlineData("fatal", "fatal")]
    public void WorseRecordsThanTheRuleSaysAreAllKeptForThemselves(string? upTo, string expected)
    {
        var worstSampled = Enum.GetValues<Severity>().Single(s => s.ToWire() == expected);
        var rule = new AdmissionRule(null, 0, SampleWeights.SmallestShare);
        var gate = new AdmissionGate([upTo is null ? rule : rule with { SampleUpTo = worstSampled }]);

        foreach (var level in Enum.GetValues<Severity>())
        {
            var marks = Enumerable.Range(0, 50).Select(i => Admit(gate, Numbered(i) with { Level = level })).OfType<RecordMark>().ToList();

            Assert.Equal(level <= worstSampled ? 0 : 50, marks.Count);
            Assert.All(marks, m => Assert.Equal(1, m.Weight));
        }
    }

    [Theory]
    [InlineData((byte)EventKind.Metric, 50)]
    [InlineData((byte)EventKind.Change, 50)]
    [InlineData((byte)EventKind.Span, 0)]
    [InlineData((byte)EventKind.Custom, 0)]
    public void MetricPointsAndChangesAreNeverSampled(byte kind, int expected)
    {
        var gate = new AdmissionGate([new AdmissionRule(null, 0, SampleWeights.SmallestShare)]);

        var kept = Enumerable.Range(0, 50).Count(i => Admit(gate, Numbered(i) with { Kind = (EventKind)kind, Type = "x" }) is not null);

        Assert.Equal(expected, kept);
    }

    [Theory]
    [InlineData("rate(1/1s)")]
    [InlineData("level = debug & !(service = \"a\" | dedupe(5s))")]
    [InlineData("sample(0.5)")]
    public void AFilterWithAMemoryCannotAdmit(string where)
    {
        Assert.Contains("cannot be used here", AdmissionRule.ProblemOf(Filters.Parse(where).Filter!), StringComparison.Ordinal);
        Assert.Null(AdmissionRule.ProblemOf(Filters.Parse("level = debug & !(service = \"a\")").Filter!));
    }

    [Fact]
    public void SiftingABatchLeavesTheOthersAsTheyWere()
    {
        var writer = new RecordBatchWriter();
        for (var i = 0; i < 500; i++)
        {
            writer.Copy(Numbered(i).ToBatch()[0]);
        }

        var gate = new AdmissionGate([new AdmissionRule(null, 4, 0.1)]);
        var expected = Enumerable.Range(0, 500).Where(i => Admit(gate, Numbered(i)) is not null).Select(Text).ToList();

        var left = writer.Sift(gate);
        writer.Copy(Numbered(1000).ToBatch()[0]);

        var read = RecordBatch.TryRead(writer.ToBatch(0).Bytes, 1, out var batch);
        Assert.True(read);
        Assert.Equal(500 - expected.Count, left);
        Assert.Equal([.. expected, "1000"], Enumerable.Range(0, batch!.Count).Select(i => System.Text.Encoding.UTF8.GetString(batch[i].Body)));
        Assert.All(Enumerable.Range(0, expected.Count), i => Assert.Equal(4, batch[i].Mark.RetentionClass));
        Assert.Equal(10, batch[0].Weight);
        Assert.Equal(1, batch[expected.Count].Weight);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static FilterRecord Numbered(int number) => new() { Message = Text(number), Second = number };

    private static AdmissionRule Rule(string where, int retentionClass, double sample = 1) =>
        new(Filters.Parse(where).Filter!, retentionClass, sample);

    private static int ClassOf(AdmissionGate gate, FilterRecord record) => Admit(gate, record)!.Value.RetentionClass;

    private static RecordMark? Admit(AdmissionGate gate, FilterRecord record) =>
        gate.Admits(record.ToBatch()[0], out var mark) ? mark : null;
}
