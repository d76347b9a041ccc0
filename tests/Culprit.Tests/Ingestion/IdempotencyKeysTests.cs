using System.Text;
using Culprit.Engine.Records;
using Culprit.Server.Ingestion;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Ingestion;

public sealed class IdempotencyKeysTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly IdempotencyKeys _keys;

    public IdempotencyKeysTests() => _keys = new IdempotencyKeys(_clock);

    [Fact]
    public void AnswersAreForgottenOldestFirstWhenTheyTakeTooMuchMemory()
    {
        for (var i = 0; i < 40; i++)
        {
            Assert.True(_keys.TryClaim("k" + i, 1, 0).IsOurs);
            _keys.Complete("k" + i, new StoredAnswer(200, new byte[2 * 1024 * 1024]));
        }

        Assert.NotNull(_keys.TryClaim("k39", 1, 0).Answer);
        Assert.True(_keys.TryClaim("k0", 1, 0).IsOurs);
    }

    [Fact]
    public void AnAbandonedKeyMayBeTriedAgainEvenWithAnotherBody()
    {
        var first = _keys.TryClaim("k", 1, 0);
        var meanwhile = _keys.TryClaim("k", 1, 0);

        _keys.Abandon("k");

        Assert.True(first.IsOurs);
        Assert.True(meanwhile.Pending!.IsCompleted);
        Assert.True(_keys.TryClaim("k", 2, 0).IsOurs);
    }

    [Fact]
    public void AKeyOfTheJournalIsKnownAgainWithItsAnswer()
    {
        var writer = OneRecord("e1");
        var single = writer.ToBatch(Nanos(), 7, new IdempotencyNote("schlüssel", 5, null).ToBytes());
        var many = writer.ToBatch(Nanos(), 8, new IdempotencyNote("k", 6, new StoredAnswer(200, "{}"u8.ToArray())).ToBytes());

        foreach (var batch in (RecordBatch[])[single, many])
        {
            Assert.True(RecordBatch.TryRead(batch.Bytes, batch.FirstSequence, out var read));
            _keys.Remember(IdempotencyNote.Read(read!, 1)!, isSaved: false);
        }

        Assert.Equal("""{"id":"e1","status":"published"}""", Text(_keys.TryClaim("schlüssel", 5, 0).Answer!));
        Assert.Equal((200, "{}"), (_keys.TryClaim("k", 6, 0).Answer!.Status, Text(_keys.TryClaim("k", 6, 0).Answer!)));
        Assert.True(_keys.TryClaim("k", 7, 0).IsOtherBody);
    }

    [Theory]
    [InlineData(23.9, true)]
    [InlineData(24.1, false)]
    public void ARememberedKeyLivesADayFromItsAnswerNotFromTheRestart(double hours, bool isKnown)
    {
        var kept = new KeptKey("k", 1, new StoredAnswer(201, default), Nanos());
        _clock.Advance(TimeSpan.FromHours(12));
        _keys.Remember(kept, isSaved: true);
        _clock.Advance(TimeSpan.FromHours(hours - 12));

        Assert.Equal(isKnown, _keys.TryClaim("k", 1, 0).Answer is not null);
    }

    [Fact]
    public void TheJournalIsNeededFromTheOldestRequestUnderWay()
    {
        _keys.TryClaim("open", 1, 40);
        _keys.TryClaim("done", 1, 41);
        _keys.Complete("done", new StoredAnswer(201, default));

        var first = _keys.TakeUnsaved(50);
        _keys.Complete("open", new StoredAnswer(201, default));
        var second = _keys.TakeUnsaved(60);

        Assert.Equal((40, "done"), (first.Through, Assert.Single(first.Keys).Key));
        Assert.Equal((60, "open"), (second.Through, Assert.Single(second.Keys).Key));
        Assert.Empty(_keys.TakeUnsaved(70).Keys);
    }

    [Fact]
    public void ABatchWithoutANoteIsOfVersionOneAndHasNoKey()
    {
        var batch = OneRecord("e1").ToBatch(Nanos(), 1);

        Assert.Equal(1, batch.Bytes.Span[0]);
        Assert.Null(IdempotencyNote.Read(batch, 1));
    }

    private static string Text(StoredAnswer answer) => Encoding.UTF8.GetString(answer.Body.Span);

    private static RecordBatchWriter OneRecord(string id)
    {
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Set(LogRecord.ServiceField, "api"u8);
        writer.Set(LogRecord.EnvironmentField, "default"u8);
        writer.Set(LogRecord.IdField, Encoding.UTF8.GetBytes(id));
        writer.Commit(1_000, EventKind.Log, Severity.Info, RecordFlags.None);
        return writer;
    }

    private long Nanos() => UnixNanos.From(_clock.GetUtcNow());
}
