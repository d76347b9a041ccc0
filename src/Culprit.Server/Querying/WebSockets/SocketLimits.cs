using Culprit.Engine.Ingestion;
using Culprit.Server.Health;

namespace Culprit.Server.Querying.WebSockets;

/// <summary>Bounds of <c>/ws/{client_id}</c>, and what was done to keep them.</summary>
/// <param name="maxConnections">At once; more are refused.</param>
internal sealed class SocketLimits(int maxConnections) : IHealthSource
{
    /// <summary>Of one message of a client: as large as the largest event.</summary>
    public const int MaxMessageBytes = EventLimits.MaxEventBytes;

    /// <summary>A client that takes nothing for so long is closed.</summary>
    public static readonly TimeSpan LongestSend = TimeSpan.FromSeconds(30);

    private int _open;
    private long _messages;
    private long _dropped;
    private long _refused;
    private long _slow;

    public string Name => "websocket";

    public int MaxConnections => maxConnections;

    public HealthReport Check() => new(HealthState.Ok, null, new Dictionary<string, object>
    {
        ["connections"] = Volatile.Read(ref _open),
        ["messages"] = Interlocked.Read(ref _messages),
        ["dropped_events"] = Interlocked.Read(ref _dropped),
        ["refused_connections"] = Interlocked.Read(ref _refused),
        ["closed_slow"] = Interlocked.Read(ref _slow),
    });

    /// <summary>False when all are taken; otherwise <see cref="Leave"/> must follow.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= maxConnections)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        Interlocked.Increment(ref _refused);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public void CountMessage() => Interlocked.Increment(ref _messages);

    public void CountDropped(long events) => Interlocked.Add(ref _dropped, events);

    public void CountSlow() => Interlocked.Increment(ref _slow);
}
