namespace Culprit.Server.Ingestion;

/// <summary>What a save of the keys has to do.</summary>
/// <param name="Through">With these keys saved, the journal is not needed for any key up to this sequence.</param>
/// <param name="ForgottenNanos">Keys from this moment and before are forgotten.</param>
internal sealed record UnsavedKeys(IReadOnlyList<KeptKey> Keys, long Through, long ForgottenNanos);
