namespace Culprit.Server.HighAvailability;

/// <summary>Why the server stops, for whoever started it: one that was replaced is to be started again.</summary>
internal sealed class StopReason
{
    private bool _isFailure;

    /// <summary>True when nobody asked it to stop.</summary>
    public bool IsFailure => Volatile.Read(ref _isFailure);

    public void Fail() => Volatile.Write(ref _isFailure, true);
}
