namespace Culprit.Server.Replaying;

/// <summary>Lets one replay run at a time.</summary>
internal sealed class ReplayTurn
{
    private int _isTaken;

    public bool TryTake() => Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0;

    public void GiveBack() => Volatile.Write(ref _isTaken, 0);
}
