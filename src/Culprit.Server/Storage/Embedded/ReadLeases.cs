namespace Culprit.Server.Storage.Embedded;

/// <summary>Knows when every question that may still ask for a replaced file has ended.</summary>
internal sealed class ReadLeases
{
    private readonly Lock _gate = new();
    private readonly SortedSet<long> _active = [];
    private readonly List<(long Before, TaskCompletionSource Done)> _waiting = [];
    private long _next;

    /// <summary>Begins a question; it ends when the answer is disposed.</summary>
    public Lease Enter()
    {
        lock (_gate)
        {
            _active.Add(_next);
            return new Lease(this, _next++);
        }
    }

    /// <summary>Waits for the questions that have begun before.</summary>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_active.Count == 0)
            {
                return Task.CompletedTask;
            }

            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((_next, done));
            return done.Task.WaitAsync(cancellationToken);
        }
    }

    private void Leave(long number)
    {
        lock (_gate)
        {
            _active.Remove(number);
            var oldest = _active.Count == 0 ? long.MaxValue : _active.Min;
            foreach (var (_, done) in _waiting.Where(w => w.Before <= oldest))
            {
                done.TrySetResult();
            }

            _waiting.RemoveAll(w => w.Before <= oldest);
        }
    }

    /// <summary>One running question.</summary>
    public readonly struct Lease(ReadLeases leases, long number) : IDisposable
    {
        public void Dispose() => leases.Leave(number);
    }
}
