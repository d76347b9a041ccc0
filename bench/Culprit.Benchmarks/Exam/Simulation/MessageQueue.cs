using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>A queue: messages wait for a free consumer; one that fails is delivered again, three times at most.</summary>
internal sealed class MessageQueue(QueueNode node, Town town, ServiceCalls calls, Agenda agenda)
{
    private const int MaxDeliveries = 4;
    private const double RedeliverMs = 5000;

    private readonly Queue<Message> _waiting = [];
    private int _busy;

    public QueueNode Node => node;

    public int Depth => _waiting.Count + _busy;

    public double OldestMs(double now) => _waiting.TryPeek(out var first) ? now - first.PublishedAt : 0;

    public void Publish(double at, Trace trace) => agenda.Add(at, now => Take(now, new Message(now, trace, 0, null)));

    /// <summary>A message that no attempt can handle; it comes back at once for as long as the trouble lasts.</summary>
    public void PublishPoison(double at, Trace trace, Trouble trouble) =>
        agenda.Add(at, now => Take(now, new Message(now, trace, 0, trouble)));

    private void Take(double now, Message message)
    {
        if (_busy == node.Consumers)
        {
            _waiting.Enqueue(message);
            return;
        }

        _busy++;
        var outcome = message.Poison is { } poison ? Choke(now, message, poison)
            : calls.Serve(null, town[node.Worker], node.Handler, now, message.Trace, string.Empty);
        if (outcome.End == CallOutcome.Never)
        {
            return; // The consumer is lost with the thread that hangs.
        }

        if (outcome.Failure is not (Failure.None or Failure.Invalid))
        {
            Return(outcome.End, message);
        }

        agenda.Add(outcome.End, Free);
    }

    private void Free(double now)
    {
        _busy--;
        if (_waiting.TryDequeue(out var next))
        {
            Take(now, next);
        }
    }

    private void Return(double at, Message message)
    {
        var again = message with { Deliveries = message.Deliveries + 1 };
        if (message.Poison is { } poison)
        {
            if (poison.IsActive(at))
            {
                agenda.Add(at + poison.RedeliverMs, now => Take(now, again));
            }
        }
        else if (again.Deliveries < MaxDeliveries)
        {
            agenda.Add(at + RedeliverMs, now => Take(now, again));
        }
        else
        {
            var host = town[node.Worker].Instances[0].Host;
            town.Say(at, node.Worker, host, "ERROR", "consumer", $"message of {node.Name} moved to dead letters after {MaxDeliveries} deliveries", message.Trace, message.Trace.Id[..16]);
        }
    }

    private CallOutcome Choke(double now, Message message, Trouble poison)
    {
        var worker = node.Worker;
        var end = now + town.Dice.LogNormal(900, 0.3);
        poison.Touch(now, true);
        town.Say(end, worker, town[worker].Instances[0].Host, "ERROR", "consumer",
            $"cannot handle message of {node.Name} (delivery {message.Deliveries + 1}): " + FailureText.Exception(worker.Style, worker.Noun, "decodePayload", 113),
            message.Trace, message.Trace.Id[..16]);
        return new CallOutcome(end, Failure.Exception, false);
    }

    private sealed record Message(double PublishedAt, Trace Trace, int Deliveries, Trouble? Poison);
}
