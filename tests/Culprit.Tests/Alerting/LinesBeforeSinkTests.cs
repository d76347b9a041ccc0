using System.Text.Json.Nodes;
using Culprit.Engine.Alerting;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Sinks;
using Culprit.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class LinesBeforeSinkTests
{
    private static readonly DateTimeOffset Onset = new(2026, 5, 4, 10, 20, 30, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Onset);
    private readonly MemoryRecordStore _records = new();
    private readonly List<OutboxItem> _taken = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheLastLinesOfTheFailingServiceAndOfTheSuspectBeforeTheOnsetAreAdded()
    {
        _records.AddAnnotated(
            1,
            Line(-700, "web", "too long ago"),
            Line(-5, "web", "w1"),
            Line(-4, "web", "w2"),
            Line(-3, "db", "d1"),
            Line(-2, "web", "w3"),
            Line(-1, "web", "w4"),
            Line(-1, "mail", "none of its business"),
            Line(-1, "web", "of another environment") with { Environment = "test" },
            Line(0, "web", "at the onset"));

        await DeliverAsync(Item());

        Assert.True(AlertParser.TryParse(Assert.Single(_taken).Json, out var alert, out _));
        Assert.Equal(["w2", "d1", "w3", "w4"], alert.LinesBefore.Select(l => l.Text));
        Assert.Equal(new AlertLine(Onset.AddSeconds(-3), "db", "warn", "d1"), alert.LinesBefore[1]);
    }

    [Theory]
    [InlineData("alert.resolved")]
    [InlineData("alert.acknowledged")]
    public async Task AnAlertThatTellsOfAnEndIsLeftAsItIs(string type)
    {
        _records.AddAnnotated(1, Line(-5, "web", "w1"));
        var item = Item(type);

        await DeliverAsync(item);

        Assert.Equal(item, Assert.Single(_taken));
    }

    [Fact]
    public async Task WithoutLinesTheAlertIsLeftAsItIs()
    {
        var item = Item();

        await DeliverAsync(item);

        Assert.Equal(item, Assert.Single(_taken));
    }

    [Fact]
    public async Task AStoreThatDoesNotAnswerHoldsNoAlertBack()
    {
        var item = Item();

        var delivery = new LinesBeforeSink(Sink(), new SilentRecordStore(), _clock, NullLogger<LinesBeforeSink>.Instance).DeliverAsync(item, Token);
        Assert.Empty(_taken);
        _clock.Advance(LinesBeforeSink.Patience);

        Assert.Equal(DeliveryOutcome.Delivered, (await delivery).Outcome);
        Assert.Equal(item, Assert.Single(_taken));
    }

    private static Row Line(int seconds, string service, string body) => new()
    {
        Nanos = UnixNanos.From(Onset.AddSeconds(seconds)),
        Service = service,
        Environment = "prod",
        Severity = Severity.Warn,
        Body = body,
    };

    private static OutboxItem Item(string type = "alert.firing")
    {
        var json = SomeAlert.Event(type);
        json.Remove("lines_before");
        json["started_at"] = "2026-05-04T10:20:30.000000Z";
        json["services"] = new JsonArray("web");
        json["suspect"] = "db";
        return new OutboxItem("a1", "keep", "i1", SomeAlert.Utf8(json), 0);
    }

    private ScriptedSink Sink() => new("keep", _clock, alert =>
    {
        _taken.Add(alert);
        return ScriptedSink.Delivered;
    });

    private Task DeliverAsync(OutboxItem item) =>
        new LinesBeforeSink(Sink(), _records, _clock, NullLogger<LinesBeforeSink>.Instance).DeliverAsync(item, Token);

    /// <summary>A store whose answers never come.</summary>
    private sealed class SilentRecordStore : IRecordStore
    {
        public long AppliedSequence => 0;

        public long PendingBytes => 0;

        public RecordFlow Flow => default;

        public void Add(RecordBatch batch)
        {
        }

        public void Annotate(long firstSequence, BatchAnnotations annotations)
        {
        }

        public Task FlushAsync(bool all, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<StoredRecord>> FindAsync(RecordQuery query, CancellationToken cancellationToken) =>
            new TaskCompletionSource<IReadOnlyList<StoredRecord>>().Task;

        public Task<StoredRecord?> FindByIdAsync(string id, CancellationToken cancellationToken) => Task.FromResult<StoredRecord?>(null);

        public Task<StoredRecord?> FindBySequenceAsync(long sequence, CancellationToken cancellationToken) => Task.FromResult<StoredRecord?>(null);

        public Task<IReadOnlyList<CountRow>> CountAsync(CountQuery query, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<CountRow>>([]);

        public Task<long> CountAsync(CancellationToken cancellationToken) => Task.FromResult(0L);
    }
}
