using System.Collections.Immutable;
using System.Threading.Channels;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Health;

namespace Culprit.Server.Querying;

/// <summary>Something that happened, ready to send.</summary>
/// <param name="DerivedId">The id of a derived event, from which a reader can resume; null for records.</param>
internal readonly record struct LiveEvent(string? DerivedId, ReadOnlyMemory<byte> Json);

/// <summary>One reader of live events. A reader that is too slow loses events, and is told how many.</summary>
internal sealed class Subscription : IDisposable
{
    /// <summary>Events that wait for a slow reader before the first is dropped.</summary>
    public const int Capacity = 2048;

    private readonly EventHub _hub;
    private readonly Channel<LiveEvent> _events = Channel.CreateBounded<LiveEvent>(Capacity);
    private long _dropped;

    internal Subscription(EventHub hub, EventFilter filter)
    {
        _hub = hub;
        Filter = new StreamFilter(filter);
        WantsAnyRecord = Filter.WantsRecords || Filter.WantsErrors;
    }

    public ChannelReader<LiveEvent> Reader => _events.Reader;

    public StreamFilter Filter { get; }

    public bool WantsAnyRecord { get; }

    /// <summary>Events lost since the last call.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    public void Dispose()
    {
        _hub.Remove(this);
        _events.Writer.TryComplete();
    }

    internal bool IsFull => _events.Reader.Count >= Capacity;

    internal void Drop()
    {
        Interlocked.Increment(ref _dropped);
        _hub.CountDropped();
    }

    internal void Offer(in LiveEvent live)
    {
        if (!_events.Writer.TryWrite(live))
        {
            Drop();
        }
    }
}

/// <summary>Hands live events to whoever listens. Never waits for a reader; costs nothing while nobody listens.</summary>
internal sealed class EventHub(EventJsonWriter writer) : IHealthSource
{
    public const int MaxSubscribers = 256;

    private ImmutableArray<Subscription> _subscriptions = [];
    private long _published;
    private long _dropped;

    public string Name => "live";

    public int Subscribers => _subscriptions.Length;

    public long Published => Interlocked.Read(ref _published);

    /// <summary>Events that readers were too slow for, of all readers together.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>False while no reader could want a record: then a batch need not be published.</summary>
    public bool WantsRecords
    {
        get
        {
            foreach (var subscription in _subscriptions)
            {
                if (subscription.WantsAnyRecord)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Null when there are <see cref="MaxSubscribers"/> already. The caller disposes it.</summary>
    public Subscription? Subscribe(EventFilter filter)
    {
        var subscription = new Subscription(this, filter);
        return ImmutableInterlocked.Update(
            ref _subscriptions, static (all, added) => all.Length < MaxSubscribers ? all.Add(added) : all, subscription)
            ? subscription
            : null;
    }

    public HealthReport Check() => new(HealthState.Ok, null, new Dictionary<string, object>
    {
        ["subscribers"] = Subscribers,
        ["published"] = Published,
        ["dropped"] = Dropped,
    });

    /// <summary>Shows the records of one batch, and the <c>log.error</c> views of those that are errors and no duplicates.</summary>
    /// <param name="mark">Changes each event before it is shown; null to show it as it is.</param>
    public void PublishBatch(
        RecordBatch batch, BatchAnnotations annotations, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? mark = null)
    {
        var subscriptions = _subscriptions;
        if (subscriptions.IsEmpty)
        {
            return;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            var record = batch[i];
            var isError = record.Kind == EventKind.Log && record.Severity.IsError() && annotations.DuplicateOf[i] < 0;
            LiveEvent? entry = null;
            LiveEvent? error = null;
            StoredRecord? stored = null;
            foreach (var subscription in subscriptions)
            {
                var wantsEntry = subscription.Filter.WantsRecords && subscription.Filter.MatchesType(record);
                var wantsError = isError && subscription.Filter.WantsErrors;
                if (!(wantsEntry || wantsError) || !subscription.Filter.Matches(record))
                {
                    continue;
                }

                // Rendering is the expensive part: not for a reader that cannot take it.
                if (subscription.IsFull)
                {
                    subscription.Drop();
                    continue;
                }

                stored ??= StoredRecord.Of(record, annotations.Patterns[i], annotations.DuplicateOf[i]);
                if (wantsEntry)
                {
                    subscription.Offer(entry ??= Live(stored, asError: false));
                }

                if (wantsError)
                {
                    subscription.Offer(error ??= Live(stored, asError: true));
                }
            }
        }

        Interlocked.Add(ref _published, batch.Count);

        LiveEvent Live(StoredRecord record, bool asError)
        {
            var json = writer.ToBytes(record, asError);
            return new LiveEvent(null, mark is null ? json : mark(json));
        }
    }

    /// <summary>Shows an event that the engine made. Call after it is stored, so that a reader can resume from it.</summary>
    public void Publish(DerivedEvent derived)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Filter.Matches(derived))
            {
                subscription.Offer(new LiveEvent(derived.Id, derived.Json));
            }
        }

        Interlocked.Increment(ref _published);
    }

    internal void CountDropped() => Interlocked.Increment(ref _dropped);

    internal void Remove(Subscription subscription) =>
        ImmutableInterlocked.Update(ref _subscriptions, static (all, gone) => all.Remove(gone), subscription);
}
