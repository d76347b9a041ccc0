using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.HighAvailability;
using Culprit.Server.Ingestion;
using Culprit.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Culprit.Tests.HighAvailability;

/// <summary>Of what two servers took, the second copy is left out.</summary>
public sealed class ForeignEventsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ForeignEvents _foreign;

    public ForeignEventsTests() => _foreign = new ForeignEvents(_clock);

    [Fact]
    public void RecordsThatAnotherHasLeaveTheBatch()
    {
        _foreign.Remember(Batch("a", "b"));

        Assert.Equal(["c", ""], IdsOf(_foreign.Without(Batch("a", "c", "", "b"))));
        Assert.Null(_foreign.Without(Batch("b", "a")));
        var all = Batch("c", "d");
        Assert.Same(all, _foreign.Without(all));
    }

    [Fact]
    public void RecordsThatAreStoredLeaveItToo()
    {
        Assert.Equal(["b"], IdsOf(_foreign.Without(Batch("a", "b"), new HashSet<string> { "a" })));
    }

    [Fact]
    public void WhatIsTriedAgainStays()
    {
        var retry = Batch(RecordFlags.Retried, [], "a");
        _foreign.Remember(retry);
        Assert.NotNull(_foreign.Without(Batch("a")));

        _foreign.Remember(Batch("a"));
        Assert.Same(retry, _foreign.Without(retry));
    }

    [Fact]
    public void ABodyWithoutIdsIsKnownByItsHash()
    {
        var name = BodyName.Of("the same bytes"u8, "loki");
        _foreign.Remember(Batch(RecordFlags.None, name.ToNote(), ""));

        Assert.Null(_foreign.Without(Batch(RecordFlags.None, name.ToNote(), "")));
        Assert.NotNull(_foreign.Without(Batch(RecordFlags.None, BodyName.Of("other bytes"u8, "loki").ToNote(), "")));
    }

    [Fact]
    public void WhatIsLeftKeepsItsNoteAndItsTime()
    {
        _foreign.Remember(Batch("a"));
        var batch = Batch(RecordFlags.None, "note"u8.ToArray(), "a", "b");

        var left = _foreign.Without(batch)!;

        Assert.Equal("note"u8.ToArray(), left.Note.ToArray());
        Assert.Equal(batch.ReceivedNanos, left.ReceivedNanos);
        Assert.True(RecordBatch.TryRead(left.Bytes, 1, out _));
    }

    private static RecordBatch Batch(params string[] ids) => Batch(RecordFlags.None, [], ids);

    private static RecordBatch Batch(RecordFlags flags, byte[] note, params string[] ids)
    {
        var writer = new RecordBatchWriter();
        foreach (var id in ids)
        {
            writer.Begin();
            writer.Set(LogRecord.ServiceField, "s"u8);
            writer.Set(LogRecord.EnvironmentField, "e"u8);
            writer.Set(LogRecord.IdField, Encoding.UTF8.GetBytes(id));
            writer.Commit(Some.At(1), EventKind.Log, Severity.Info, flags);
        }

        return writer.ToBatch(Some.At(1), 1, note);
    }

    private static IEnumerable<string> IdsOf(RecordBatch? batch) =>
        [.. Enumerable.Range(0, batch!.Count).Select(i => Encoding.UTF8.GetString(batch[i].Id))];
}
