namespace Culprit.Server.Commands;

/// <summary>What the binary tells scripts.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>It ran, and failed.</summary>
    public const int Failure = 1;

    /// <summary>Arguments or configuration are wrong; nothing was done.</summary>
    public const int BadUsage = 2;
}
