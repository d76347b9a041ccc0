namespace Culprit.Server.Journal;

/// <summary>Whether the disk takes writes, as the writer last found it.</summary>
internal sealed class JournalHealth(TimeProvider clock)
{
    // Well below the 30 s within which appends must resume after space has returned.
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private JournalState _state;
    private string _reason = "";
    private long _failedAt;

    public JournalState State
    {
        get
        {
            lock (_lock)
            {
                return _state;
            }
        }
    }

    /// <summary>What the disk said; empty while all is well.</summary>
    public string Reason
    {
        get
        {
            lock (_lock)
            {
                return _reason;
            }
        }
    }

    public void Succeed()
    {
        lock (_lock)
        {
            if (_state == JournalState.DiskFull)
            {
                _state = JournalState.Writable;
                _reason = "";
            }
        }
    }

    public void Fail(DiskException failure) =>
        Set(failure.IsNoSpace ? JournalState.DiskFull : JournalState.ReadOnly, failure.Message);

    public void Set(JournalState state, string reason)
    {
        lock (_lock)
        {
            if (_state is JournalState.ReadOnly or JournalState.Closed && state != JournalState.Closed)
            {
                return;
            }

            _state = state;
            _reason = reason;
            _failedAt = clock.GetTimestamp();
        }
    }

    /// <summary>True once in a while after the disk was full: that append finds out whether it still is.</summary>
    public bool TryProbe()
    {
        lock (_lock)
        {
            if (_state != JournalState.DiskFull || clock.GetElapsedTime(_failedAt) < ProbeEvery)
            {
                return false;
            }

            _failedAt = clock.GetTimestamp();
            return true;
        }
    }
}
