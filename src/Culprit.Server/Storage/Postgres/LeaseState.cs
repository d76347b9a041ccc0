namespace Culprit.Server.Storage.Postgres;

/// <summary>The lease of a database as somebody else sees it.</summary>
/// <param name="Epoch">0 when nobody ever ran on the database.</param>
/// <param name="Renewals">Grows while the holder lives.</param>
/// <param name="IsHeld">False after a clean stop.</param>
/// <param name="IsShared">The holder runs beside a standby.</param>
internal sealed record LeaseState(long Epoch, string Holder, long Renewals, bool IsHeld, bool IsShared)
{
    public static LeaseState Nobody { get; } = new(0, "", 0, IsHeld: false, IsShared: true);
}
