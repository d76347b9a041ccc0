namespace Culprit.Engine.Storage;

/// <summary>What went through the memory of a record store since its start, in records.</summary>
/// <param name="Added">Made readable; repetitions of what is in the store already do not count.</param>
/// <param name="Written">Durable in the store.</param>
/// <param name="Waiting">In memory only.</param>
internal readonly record struct RecordFlow(long Added, long Written, long Waiting);
