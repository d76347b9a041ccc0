namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>What happens when, in milliseconds since the start; what was added first comes first at equal times.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action<double>, (double At, long Order)> _items = new();
    private long _order;

    public void Add(double at, Action<double> action) => _items.Enqueue(action, (at, _order++));

    /// <summary>Repeats something at intervals that are drawn anew each time.</summary>
    public void Repeat(double first, Func<double> interval, Action<double> action) => Add(first, now =>
    {
        action(now);
        Repeat(now + interval(), interval, action);
    });

    public void RunUntil(double end)
    {
        while (_items.TryPeek(out var action, out var when) && when.At < end)
        {
            _items.Dequeue();
            action(when.At);
        }
    }
}
