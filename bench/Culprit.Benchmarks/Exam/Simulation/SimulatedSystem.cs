using Culprit.Benchmarks.Exam.Faults;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>A system of services under traffic, second by second of simulated time; no clock, no threads, the same for the same seed.</summary>
internal sealed class SimulatedSystem : IDisposable
{
    private readonly TelemetryCalendar _calendar = new();
    private readonly Agenda _agenda = new();
    private readonly Dictionary<QueueNode, MessageQueue> _queues = [];
    private readonly TelemetryPen _pen;
    private readonly double _lengthMs;

    /// <param name="fault">Null for quiet traffic.</param>
    public SimulatedSystem(ExamWorld world, int seed, DateTimeOffset start, TimeSpan length, FaultPlan? fault)
    {
        var dice = new Dice((ulong)seed).Fork("simulation");
        Start = start;
        _lengthMs = length.TotalMilliseconds;
        _pen = new TelemetryPen(start, _calendar, new Shipping(dice.Fork("shipping"), world.Services.SelectMany(s => s.Hosts), _lengthMs));
        Town = new Town(world, dice, _pen);
        Traffic = new Traffic(world, dice.Fork("traffic"), start.TimeOfDay.TotalHours, _lengthMs);
        var calls = new ServiceCalls(Town, new ResourceCalls(Town), (at, queue, trace) => _queues[queue].Publish(at, trace));
        foreach (var queue in world.Queues)
        {
            _queues[queue] = new MessageQueue(queue, Town, calls, _agenda);
        }

        Background = new Background(Town, _agenda, calls, Traffic, new Rollout(Town, _agenda, dice.Fork("rollout")), dice.Fork("background"));
        Background.Schedule();
        new Meters(Town, _agenda, [.. _queues.Values], dice).Schedule();
        ScheduleRequests(calls, dice.Fork("requests"));
        fault?.Schedule(this, new Rollout(Town, _agenda, dice.Fork("fault rollout")), dice.Fork("fault"));
    }

    public DateTimeOffset Start { get; }

    public Town Town { get; }

    public Traffic Traffic { get; }

    public Background Background { get; }

    public Agenda Agenda => _agenda;

    public MessageQueue this[QueueNode queue] => _queues[queue];

    /// <summary>The lines of each second, in the order in which they are written down.</summary>
    public IEnumerable<IReadOnlyList<TelemetryLine>> Seconds()
    {
        for (long second = 0; second * 1000 < _lengthMs; second++)
        {
            _agenda.RunUntil((second + 1) * 1000);
            yield return _calendar.Take(second);
        }
    }

    public void Dispose() => _pen.Dispose();

    private void ScheduleRequests(ServiceCalls calls, Dice dice)
    {
        var gateway = Town[Town.World.Gateway];
        var everyMs = 1000 / Traffic.MaxRate;
        _agenda.Repeat(dice.Exponential(everyMs), () => dice.Exponential(everyMs), now =>
        {
            if (dice.Chance(Traffic.Rate(now) / Traffic.MaxRate))
            {
                calls.Serve(null, gateway, Traffic.PickEntry(now, dice), now, new Trace(dice.Hex(32), "req-" + dice.Hex(10)), string.Empty);
            }
        });
    }
}
