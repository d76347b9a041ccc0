using System.Collections.Concurrent;
using Culprit.Engine.Rules;
using Culprit.Server.Rules;

namespace Culprit.Tests.Rules;

/// <summary>Remembers what handlers publish and what is given up.</summary>
internal sealed class RecordingOutput : ITriggerOutput
{
    private int _failures;

    public ConcurrentQueue<CustomEvent> Published { get; } = [];

    public ConcurrentQueue<(TriggerWork Work, string Reason)> Dead { get; } = [];

    /// <summary>Lets the next publications fail.</summary>
    public void FailNext(int times) => _failures = times;

    public Task PublishAsync(RuleFiring firing, IReadOnlyList<CustomEvent> events, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new IOException("the store is away");
        }

        foreach (var published in events)
        {
            Published.Enqueue(published);
        }

        return Task.CompletedTask;
    }

    public Task DeadLetterAsync(TriggerWork work, string reason, CancellationToken cancellationToken)
    {
        Dead.Enqueue((work, reason));
        return Task.CompletedTask;
    }
}
