using System.Globalization;

namespace Culprit.Server.Journal;

/// <summary>Named places at which a test can have the process killed, to see what survives.</summary>
/// <remarks>
/// The environment variable <c>FAULT_POINT</c> names one place, optionally with the number of the visit
/// (<c>journal-before-sync:17</c>). Unset, the check is against a constant null and costs nothing.
/// </remarks>
internal static class FaultPoints
{
    private static readonly string? Wanted = Name(Environment.GetEnvironmentVariable("FAULT_POINT"));
    private static readonly int WantedVisit = Visit(Environment.GetEnvironmentVariable("FAULT_POINT"));
    private static int _visits;

    /// <summary>Kills the own process, as by kill -9, when this is the place and the visit that was asked for.</summary>
    public static void Hit(string name)
    {
        if (Wanted is not null && Wanted == name && Interlocked.Increment(ref _visits) == WantedVisit)
        {
            _ = Libc.Kill(Environment.ProcessId, Libc.KillSignal);
        }
    }

    private static string? Name(string? text) => string.IsNullOrEmpty(text) ? null : text.Split(':')[0];

    private static int Visit(string? text) =>
        text?.Split(':') is [_, var number]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var visit)
            ? visit
            : 1;
}
