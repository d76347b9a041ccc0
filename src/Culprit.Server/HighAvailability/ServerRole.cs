namespace Culprit.Server.HighAvailability;

/// <summary>Which of two servers this one is, and which is the other.</summary>
/// <param name="name">How this server calls itself in the database.</param>
internal sealed class ServerRole(string name)
{
    private string _active = "nobody yet";
    private bool _isActive;

    public string Name => name;

    /// <summary>True while this server runs the engine.</summary>
    public bool IsActive => Volatile.Read(ref _isActive);

    /// <summary>Who runs the engine, as far as is known.</summary>
    public string Active => IsActive ? name : Volatile.Read(ref _active);

    public string Word => IsActive ? "active" : "standby";

    public void Become(bool active) => Volatile.Write(ref _isActive, active);

    public void Saw(string holder) => Volatile.Write(ref _active, holder);
}
