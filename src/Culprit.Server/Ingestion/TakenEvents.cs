using Culprit.Engine.Ingestion;

namespace Culprit.Server.Ingestion;

/// <summary>What became of a body of which at least one event was taken, or known already.</summary>
/// <param name="Ids">Of the events that are durable now, in their order; of the known one when the body was one event.</param>
internal sealed record TakenEvents(IReadOnlyList<string> Ids, int Duplicates, IReadOnlyList<Rejection> Rejected);
