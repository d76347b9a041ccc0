namespace Culprit.Engine.RootCause;

/// <summary>The classes of fault that have a standard first step.</summary>
internal enum FaultClass : byte
{
    Generic = 0,
    Database = 1,
    Cache = 2,
    Broker = 3,
    Memory = 4,
    Disk = 5,
    Certificate = 6,
    Change = 7,
    SlowPeer = 8,
    NameResolution = 9,
    Credentials = 10,
    Deadlock = 11,
    Crash = 12,
    OpenFiles = 13,
    Resource = 14,
    Unreachable = 15,
    Hosted = 16,
}
