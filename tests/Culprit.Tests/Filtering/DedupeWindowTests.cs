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
        dedupe.Observe(Some.Batch(1, Some.Log(0, message: "abc one"))[0], Some.At(0));

        Assert.Equal(1, dedupe.Observe(Some.Batch(2, Some.Log(1, message: "abc two"))[0], Some.At(1)));
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

        restored.Restore(_dedupe.ToState());

        Assert.Equal(1, restored.Observe(Some.Batch(2, Some.Log(1))[0], Some.At(1)));
    }

    [Fact]
    public void TicksForgetWhatNothingCanRepeat()
    {
        Observe(Some.Log(0), 1);

        for (var second = 1; second < 20; second++)
        {
            _dedupe.Tick(Some.At(second));
        }

        Assert.Empty(_dedupe.ToState().Young.Slots);
        Assert.Empty(_dedupe.ToState().Old.Slots);
    }

    [Fact]
    public void TheBudgetBoundsWhatAllServicesRemember()
    {
        var budget = new DedupeBudget { Left = 100 };
        var one = new DedupeWindow(TimeSpan.FromSeconds(5), 0, budget);
        var other = new DedupeWindow(TimeSpan.FromSeconds(5), 0, budget);

        for (var i = 0; i < 1000; i++)
        {
            var record = Some.Batch(i + 1, Some.Log(0, message: $"message {i}"))[0];
            one.Observe(record, Some.At(0));
            other.Observe(record, Some.At(0));
        }

        Assert.InRange(one.ToState().Young.Slots.Length + other.ToState().Young.Slots.Length, 16, 100 * 16);
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

    private long Observe(Entry entry, long sequence) => _dedupe.Observe(Some.Batch(sequence, entry)[0], entry.TimestampNanos);
}
