using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Culprit.Tests.Support;

namespace Culprit.Tests.Filtering;

public class DedupeWindowTests
{
    private readonly DedupeWindow _dedupe = new(TimeSpan.FromSeconds(5), 0);

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
        var dedupe = new DedupeWindow(TimeSpan.FromSeconds(5), 3);
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
        var restored = new DedupeWindow(TimeSpan.FromSeconds(5), 0);

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

        Assert.Empty(_dedupe.ToState().Young);
        Assert.Empty(_dedupe.ToState().Old);
    }

    private long Observe(Entry entry, long sequence) => _dedupe.Observe(Some.Batch(sequence, entry)[0], entry.TimestampNanos);
}
