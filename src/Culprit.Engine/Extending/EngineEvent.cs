using Culprit.Engine.Records;
using Culprit.Engine.Storage;

namespace Culprit.Engine.Extending;

/// <summary>An event that the engine, a rule or a handler made. Its id derives from content: a repetition has the same one.</summary>
/// <param name="Type">The wire's <c>type</c>, such as <c>log.anomaly</c>.</param>
/// <param name="Service">The service it is about, or null when there are several.</param>
/// <param name="CorrelationId">For what belongs to an incident, the incident's id.</param>
/// <param name="CausationId">The event that it follows from.</param>
/// <param name="Json">The whole event as on the wire, UTF-8.</param>
public sealed record EngineEvent(
    string Id,
    string Type,
    DateTimeOffset Timestamp,
    string Environment,
    string? Service,
    string? CorrelationId,
    string? CausationId,
    ReadOnlyMemory<byte> Json)
{
    internal static EngineEvent Of(DerivedEvent derived) => new(
        derived.Id, derived.Type, UnixNanos.ToTime(derived.TimestampNanos), derived.Environment, derived.Service,
        derived.CorrelationId, derived.CausationId, derived.Json);
}
