namespace Culprit.Server.HighAvailability;

/// <summary>How far another server is behind with what it puts into the shared log.</summary>
/// <param name="Lag">Age of the oldest entry that it has not shipped, by its own clock.</param>
/// <param name="Beats">Grows while it lives and reaches the database.</param>
internal sealed record PeerLag(long Server, TimeSpan Lag, long Beats);

/// <summary>Keeps time from running ahead of what others still have: after an outage of the database each server has a backlog.</summary>
/// <remarks>
/// A tick that came two minutes before its time would make the other's records late, and no detector would see them. So a server that
/// is catching up ships its ticks no earlier than the others come to their time. One that is up to date waits for nobody: what another
/// had while it was away is late. Ages are each server's own, so clocks need not agree. Not thread-safe.
/// </remarks>
internal sealed class TickHold(TimeProvider clock)
{
    /// <summary>A tick that is younger is live.</summary>
    public static readonly TimeSpan Live = TimeSpan.FromSeconds(10);

    /// <summary>How much farther behind another may be; well below the lateness that detectors allow.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    /// <summary>Another that has not been heard of for so long is gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<long, (PeerLag Peer, bool IsHeard, long At)> _peers = [];

    /// <summary>The database was away: what is known of others is from before.</summary>
    public void Reset()
    {
        foreach (var (server, (peer, _, _)) in _peers)
        {
            _peers[server] = (peer, false, clock.GetTimestamp());
        }
    }

    /// <summary>The other servers as the database has them now.</summary>
    public void Observe(IEnumerable<PeerLag> peers)
    {
        foreach (var peer in peers)
        {
            if (!_peers.TryGetValue(peer.Server, out var known))
            {
                _peers[peer.Server] = (peer, false, clock.GetTimestamp());
            }
            else if (known.Peer.Beats != peer.Beats)
            {
                _peers[peer.Server] = (peer, true, clock.GetTimestamp());
            }
        }
    }

    public bool MustWait(TimeSpan tickAge) => tickAge > Live && _peers.Values.Any(
        p => clock.GetElapsedTime(p.At) < Patience && (!p.IsHeard || p.Peer.Lag > tickAge + Slack));
}
