namespace Culprit.Server.Ingestion;

/// <summary>An <c>Idempotency-Key</c> whose request was answered.</summary>
/// <param name="AtNanos">When, by the clock on the wall (it outlives the process), Unix nanoseconds.</param>
internal sealed record KeptKey(string Key, UInt128 BodyHash, StoredAnswer Answer, long AtNanos);
