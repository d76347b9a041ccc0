using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Filtering;

public class DedupeWindowTests
{
    private readonly DedupeWindow _dedupe = new(TimeSpan.FromSeconds(5), 0, new DedupeBudget());

    [Fact]
    public void TheWindowIsFixedFromTheFirstOccurrence()
    {
        var verdicts = new[] { 0.0, 2, 4.9, 5, 7, 10.1 }.Select((t, i) => Observe(Some.Log(t), i + 1)).ToList();

        Assert.Equal([-1, 1, 1, -1, 4, -1], verdicts);
    }

    [Fact]
    public void LevelAndWholeMessageTellRecordsApart()
    {
        Observe(Some.Log(0, message: "a"), 1);

        Assert.Equal(-1, Observe(Some.Log(1, message: "a", severity: Severity.Error), 2));
        Assert.Equal(-1, Observe(Some.Log(1, message: "ab"), 3));
    }

    [Fact]
    public void APrefixMakesLongMessagesEqual()
    {
        var dedupe = new DedupeWindow(TimeSpan.FromSeconds(5), 3, new DedupeBudget());
        Observe(dedupe, Some.Log(0, message: "abc one"), 1);

        Assert.Equal(1, Observe(dedupe, Some.Log(1, message: "abc two"), 2));
    }

    [Fact]
    public void ALateRecordDoesNotMoveTheWindow()
    {
        Observe(Some.Log(20), 1);
        Observe(Some.Log(3), 2);

        Assert.Equal(1, Observe(Some.Log(24), 3));
    }

    [Fact]
    public void ASnapshotRemembersTheWindow()
    {
        Observe(Some.Log(0), 1);
        var restored = new DedupeWindow(TimeSpan.FromSeconds(5), 0, new DedupeBudget());

        var state = _dedupe.ToState();
        var occurrences = new byte[state.Bytes];
        _dedupe.Save(occurrences);
        restored.Restore(state, occurrences);

        Assert.Equal(1, Observe(restored, Some.Log(1), 2));
    }

    [Fact]
    public void TicksForgetWhatNothingCanRepeat()
    {
        Observe(Some.Log(0), 1);

        for (var second = 1; second < 20; second++)
        {
            _dedupe.Tick(Some.At(second));
        }

        Assert.Equal(0, _dedupe.ToState().Bytes);
    }

    [Fact]
    public void TheBudgetBoundsWhatAllServicesRemember()
    {
        var budget = new DedupeBudget { Left = 100 };
        var one = new DedupeWindow(TimeSpan.FromSeconds(5), 0, budget);
        var other = new DedupeWindow(TimeSpan.FromSeconds(5), 0, budget);

        for (var i = 0; i < 1000; i++)
        {
            Observe(one, Some.Log(0, message: $"message {i}"), i + 1);
            Observe(other, Some.Log(0, message: $"message {i}"), i + 1);
        }

        Assert.InRange(one.ToState().Young.Count + other.ToState().Young.Count, 1, 100);
        Assert.Equal(0, Math.Min(0, budget.Left));
    }

    [Fact]
    public void ManyDifferentMessagesAreEachRememberedOnce()
    {
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 10_000; i++)
            {
                var first = Observe(Some.Log(round, message: $"message {i}"), (round * 10_000) + i + 1);
                Assert.Equal(round == 0 ? -1 : i + 1, first);
            }
        }
    }

    private long Observe(Entry entry, long sequence) => Observe(_dedupe, entry, sequence);

    private static long Observe(DedupeWindow dedupe, Entry entry, long sequence)
    {
        var record = Some.Batch(sequence, entry)[0];
        return dedupe.Observe(dedupe.KeyOf(record), entry.TimestampNanos, sequence);
    }
}
