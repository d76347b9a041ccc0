using Culprit.Server.HighAvailability;
using Culprit.Server.Journal;
using Culprit.Tests.Support;

namespace Culprit.Tests.HighAvailability;

/// <summary>What is written into a row of the shared log is read back from it, and nothing else is.</summary>
public sealed class SharedLogFramesTests
{
    [Fact]
    public void BatchesAndTicksComeBackUnderTheSequenceOfTheRow()
    {
        var batch = Some.Batch(1, Some.Log(0), Some.Error(1));
        var bytes = SharedLogFrames.Write([new JournalEntry(1, batch, 0), new JournalEntry(3, null, 77), new JournalEntry(4, batch.At(4), 0)]);
        var read = new List<JournalEntry>();

        Assert.True(SharedLogFrames.TryRead(bytes, 101, read));

        Assert.Equal([(101, 102), (103, 103), (104, 105)], read.Select(e => (e.Sequence, e.LastSequence)));
        Assert.Equal(77, read[1].TickNanos);
        Assert.Equal(batch.Bytes.ToArray(), read[2].Batch!.Bytes.ToArray());
        Assert.Equal(104, read[2].Batch!.FirstSequence);
    }

    [Fact]
    public void DamagedBytesAreNoEntriesAndNoException()
    {
        var bytes = SharedLogFrames.Write([new JournalEntry(1, null, 77), new JournalEntry(2, Some.Batch(2, Some.Log(0)), 0)]);
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            var read = new List<JournalEntry>();
            Assert.Equal(cut == 13, SharedLogFrames.TryRead(bytes.AsMemory(0, cut), 1, read));
            Assert.Equal(cut >= 13 ? 1 : 0, read.Count);
        }

        bytes[1] = 0xFF;
        Assert.False(SharedLogFrames.TryRead(bytes, 1, []));
    }
}
