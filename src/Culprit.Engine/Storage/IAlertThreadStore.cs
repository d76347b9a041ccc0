namespace Culprit.Engine.Storage;

/// <summary>Where the alerts of one incident stand at a receiver that gives messages names of its own.</summary>
/// <param name="Channel">As the receiver names it.</param>
/// <param name="Message">The first message, as the receiver names it.</param>
/// <param name="FirstJson">The alert event that it shows, UTF-8.</param>
internal sealed record AlertThread(string Sink, string IncidentId, string Channel, string Message, ReadOnlyMemory<byte> FirstJson, DateTimeOffset At);

/// <summary>Remembers where alerts were posted, so that later ones of the same incident follow there, also after a restart.</summary>
internal interface IAlertThreadStore
{
    /// <summary>Threads that are older are forgotten: no incident is open for longer without an update.</summary>
    static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    Task<AlertThread?> FindAsync(string sink, string incidentId, CancellationToken cancellationToken);

    /// <summary>Durable when it returns; replaces the thread of the same sink and incident.</summary>
    Task SaveAsync(AlertThread thread, CancellationToken cancellationToken);
}
