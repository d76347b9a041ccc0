namespace Culprit.Engine.Ingestion.Elasticsearch;

/// <summary>What an action of a bulk request does.</summary>
internal enum BulkAction : byte
{
    Index,
    Create,
    Update,
    Delete,
}

/// <summary>What became of one action, in the order of the request.</summary>
/// <param name="IndexStart">The <c>_index</c> as it stands in the body, its quotes included; 0 to 0 when it names none.</param>
/// <param name="IdStart">The <c>_id</c>, likewise.</param>
/// <param name="IsDuplicate">Its document is known by its <c>_id</c>.</param>
/// <param name="Record">Which record of the batch it became, or became part of.</param>
internal readonly record struct BulkItem(
    BulkAction Action, int IndexStart, int IndexEnd, int IdStart, int IdEnd, bool IsDuplicate, int Record);
