namespace Culprit.Engine.Flows;

/// <summary>An id of a record: where it stands, and what it is called.</summary>
internal readonly record struct FlowKey(ulong Hash, string Name, FlowKeySource Source, int Start, int Length);

/// <summary>The part of a record in which an id stands.</summary>
internal enum FlowKeySource : byte
{
    TraceId,
    CorrelationId,
    Body,
    Attributes,
}
