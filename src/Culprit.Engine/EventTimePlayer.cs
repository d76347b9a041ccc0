using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Engine;

/// <summary>Plays records of the past through a pipeline: the ticks, which a clock gives when live, follow event time.</summary>
/// <remarks>
/// Each second of event time has its tick, and it comes when the first record of the next second is met. Of a stretch
/// without records only the first <see cref="MaxSilentSeconds"/> have ticks: enough for everything open to end.
/// </remarks>
/// <param name="publish">Takes each event that follows; its list is reused.</param>
internal sealed class EventTimePlayer(Pipeline pipeline, Action<IReadOnlyList<DerivedEvent>> publish)
{
    internal const int MaxSilentSeconds = 15 * 60;

    private long _second = long.MinValue;

    /// <summary>Plays records <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> of a batch.</summary>
    /// <param name="keys">The time at which each record of the batch is played: never falling, whatever its own timestamp says.</param>
    public void Play(RecordBatch batch, ReadOnlySpan<long> keys, int first, int count, BatchAnnotations annotations)
    {
        var end = first + count;
        while (first < end)
        {
            var second = keys[first] / UnixNanos.PerSecond;
            TickUpTo(second);
            var next = first + 1;
            while (next < end && keys[next] / UnixNanos.PerSecond <= second)
            {
                next++;
            }

            Publish(pipeline.Process(batch, first, next - first, annotations));
            first = next;
        }
    }

    /// <summary>Lets time pass after the last record, until everything open has ended. That no more comes is no silence of a service.</summary>
    public void Finish()
    {
        if (_second != long.MinValue)
        {
            pipeline.EndInput();
            TickUpTo(_second + MaxSilentSeconds);
        }
    }

    private void TickUpTo(long second)
    {
        if (_second == long.MinValue)
        {
            // The first tick lies before the first record, so that its minute counts from the start.
            _second = second;
            Publish(pipeline.Tick(second * UnixNanos.PerSecond));
            return;
        }

        for (var silent = 0; _second < second; silent++)
        {
            _second = silent < MaxSilentSeconds ? _second + 1 : second;
            Publish(pipeline.Tick(_second * UnixNanos.PerSecond));
        }
    }

    private void Publish(IReadOnlyList<DerivedEvent> events)
    {
        if (events.Count > 0)
        {
            publish(events);
        }
    }
}
