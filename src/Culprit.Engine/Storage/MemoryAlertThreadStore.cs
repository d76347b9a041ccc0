using System.Collections.Concurrent;

namespace Culprit.Engine.Storage;

/// <summary>Threads of one run.</summary>
internal sealed class MemoryAlertThreadStore : IAlertThreadStore
{
    private readonly ConcurrentDictionary<(string Sink, string IncidentId), AlertThread> _threads = [];

    public Task<AlertThread?> FindAsync(string sink, string incidentId, CancellationToken cancellationToken) =>
        Task.FromResult(_threads.GetValueOrDefault((sink, incidentId)));

    public Task SaveAsync(AlertThread thread, CancellationToken cancellationToken)
    {
        foreach (var old in _threads.Values.Where(t => t.At < thread.At - IAlertThreadStore.Kept))
        {
            _threads.TryRemove((old.Sink, old.IncidentId), out _);
        }

        _threads[(thread.Sink, thread.IncidentId)] = thread;
        return Task.CompletedTask;
    }
}
